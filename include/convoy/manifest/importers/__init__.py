"""Component manifests from what a team already has: compose files, Kubernetes manifests, Flux, Argo CD and others."""
