"""One process: how it starts, what it says of itself, and how it ends."""

from __future__ import annotations

import signal
import socket
from typing import Any

import pytest


def test_health_speaks_of_the_process_and_not_of_its_dependencies(shop: Any) -> None:
    frontend = shop.start("frontend", "1.1.0")

    reply = frontend.get("/healthz")

    assert (reply.status, reply.json["status"], reply.json["version"]) == (200, "ok", "1.1.0")


def test_a_dependency_without_an_address_is_a_502_that_names_it(shop: Any) -> None:
    cart = shop.start("cart")

    reply = cart.get("/v1/carts/ada")

    assert (reply.status, reply.json["dependency"]) == (502, "cart-store")


def test_a_path_that_is_not_offered_is_a_404_that_says_what_is(shop: Any) -> None:
    payment = shop.start("payment", "1.0.0")

    reply = payment.post("/v3/charges", {})

    assert reply.status == 404
    assert reply.json["error"] == "payment 1.0.0 offers no /v3/charges (its interfaces: /v2)"


def test_a_method_that_is_not_offered_is_a_405(shop: Any) -> None:
    assert shop.start("currency").post("/v1/currencies", {}).status == 405


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CONVOY_COMPONENT": "kiosk"}, "no component 'kiosk'; there are ads, cart,"),
        ({"CONVOY_COMPONENT": ""}, "CONVOY_COMPONENT is not set"),
        ({"CONVOY_VERSION": "latest"}, "CONVOY_VERSION is not a version like 1.2.0: 'latest'"),
        ({"PORT": "http"}, "PORT is not a port: 'http'"),
        ({"SHOP_FAULT": "{"}, "SHOP_FAULT is not JSON"),
        ({"SHOP_FAULT": '{"errorrate": 1}'}, "there is no fault 'errorrate'; did you mean 'errorRate'?"),
        ({"SHOP_FAULT": '{"errorRate": 1.5}'}, "errorRate is a share from 0 to 1"),
        ({"SHOP_FAULT": '{"latency": "long"}'}, "latency is a number that is not negative"),
    ],
)
def test_a_setting_that_makes_no_sense_ends_the_process_with_2_and_the_reason(
    shop: Any, settings: dict[str, str], said: str
) -> None:
    replica = shop.spawn("email", **settings)

    assert replica.process.wait(timeout=20) == 2
    assert said in replica.log.read_text()


def test_a_port_that_is_taken_ends_the_process_with_1_and_the_reason(shop: Any) -> None:
    first = shop.start("email")

    second = shop.spawn("email", PORT=first.address.rpartition(":")[2])

    assert second.process.wait(timeout=20) == 1
    assert "cannot listen on 127.0.0.1" in second.log.read_text()


def test_sigterm_ends_an_idle_process_with_0(shop: Any) -> None:
    assert shop.start("currency").terminate() == 0


def test_sigterm_loses_no_request_that_has_arrived_not_even_one_that_was_not_accepted_yet(shop: Any) -> None:
    replica = shop.start("currency", fault={"latency": 0.2})
    host, port = replica.address.split(":")
    # While the process is stopped, the kernel alone takes the connections: nothing is accepted when SIGTERM comes.
    replica.process.send_signal(signal.SIGSTOP)
    clients = [socket.create_connection((host, int(port)), timeout=20) for _ in range(30)]
    try:
        for client in clients:
            client.sendall(b"GET /v1/currencies HTTP/1.1\r\nHost: shop\r\n\r\n")
        replica.process.send_signal(signal.SIGTERM)
        replica.process.send_signal(signal.SIGCONT)

        answers = [client.makefile("rb").read() for client in clients]
    finally:
        for client in clients:
            client.close()

    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 30
    assert replica.process.wait(timeout=20) == 0


def test_after_sigterm_new_connections_are_refused(shop: Any) -> None:
    replica = shop.start("currency")
    host, port = replica.address.split(":")
    replica.terminate()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
    ],
)
def test_a_malformed_request_gets_an_answer_that_says_so(shop: Any, sent: bytes, status: bytes) -> None:
    host, port = shop.start("currency").address.split(":")

    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(sent)
        answer = client.recv(4096)

    assert answer.startswith(b"HTTP/1.1 " + status)


def test_a_client_that_hangs_up_does_not_disturb_the_service(shop: Any) -> None:
    replica = shop.start("currency")
    host, port = replica.address.split(":")

    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"GET /v1/cur")

    assert replica.get("/v1/currencies").status == 200
    assert "Traceback" not in replica.log.read_text()
