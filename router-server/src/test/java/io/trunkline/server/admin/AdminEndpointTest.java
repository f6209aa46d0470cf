// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.testing.LogGate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AdminEndpointTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @RegisterExtension
    final LogGate log = new LogGate();

    private AdminEndpoint endpoint;

    @BeforeEach
    void start() throws IOException {
        endpoint = AdminEndpoint.start(
                ANY_PORT,
                Map.of(
                        "/live", request -> AdminPage.text("alive\n"),
                        "/ready", request -> AdminPage.problem(503, "no topology\n"),
                        "/topology", request -> AdminPage.json("{}"),
                        "/echo", new Echo(),
                        "/broken",
                                request -> {
                                    throw new IllegalStateException("boom");
                                }));
    }

    @AfterEach
    void stop() {
        endpoint.close();
    }

    @Test
    void servesItsPages() throws IOException {
        assertThat(ask("GET /live HTTP/1.1\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .containsIgnoringCase("content-type: text/plain; charset=utf-8")
                .endsWith("\r\n\r\nalive\n");
        assertThat(ask("GET /ready?verbose HTTP/1.1\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 503 Service Unavailable\r\n")
                .endsWith("no topology\n");
        assertThat(ask("GET /topology HTTP/1.0\r\n\r\n")).containsIgnoringCase("content-type: application/json");
    }

    @Test
    void answersHeadWithoutABody() throws IOException {
        String answer = ask("HEAD /live HTTP/1.1\r\nConnection: close\r\n\r\n");

        assertThat(answer).containsIgnoringCase("content-length: 6").endsWith("\r\n\r\n");
    }

    @Test
    void keepsAConnectionForFurtherRequests() throws IOException {
        String answers = ask("GET /live HTTP/1.1\r\n\r\nGET /live HTTP/1.1\r\nConnection: close\r\n\r\n");

        assertThat(answers.split("alive")).hasSize(3);
    }

    @Test
    void refusesWhatItDoesNotServe() throws IOException {
        assertThat(ask("GET /metric HTTP/1.1\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 404 ")
                .endsWith("no such page; there are /broken /echo /live /ready /topology\n");
        assertThat(ask("POST /live HTTP/1.1\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"))
                .startsWith("HTTP/1.1 405 ");
        assertThat(ask("what\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(ask("GET /" + "x".repeat(AdminEndpoint.REQUEST_BYTES_MAX) + " HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
        assertThat(ask("POST /live HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")).startsWith("HTTP/1.1 413 ");
    }

    @Test
    void passesOnWhatIsPostedBelowAPageAndWhatIsAskedOfIt() throws IOException {
        String head = " HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

        assertThat(ask("POST /echo/a/b?x=1" + head)).endsWith("posted [a, b] 1");
        assertThat(ask("GET /echo?x=%32" + head)).endsWith("got [] 2");
        assertThat(ask("GET /echo/a" + head)).startsWith("HTTP/1.1 404 ");
        assertThat(ask("GET /echo?x=%z" + head)).startsWith("HTTP/1.1 400 ");
        assertThat(ask("PUT /echo" + head)).startsWith("HTTP/1.1 405 ");
        assertThat(ask("POST *" + head)).startsWith("HTTP/1.1 404 ");
    }

    /** A page that says what it was asked. */
    private static final class Echo implements AdminSource {
        @Override
        public AdminPage get(AdminRequest request) {
            return AdminPage.text("got " + request.rest() + " " + request.parameter("x"));
        }

        @Override
        public AdminPage post(AdminRequest request) {
            return AdminPage.text("posted " + request.rest() + " " + request.parameter("x"));
        }
    }

    @Test
    void logsADefectOfAPageAndTellsTheCallerNothingOfIt() throws IOException {
        log.expect("admin page failed path=/broken");

        String answer = ask("GET /broken HTTP/1.1\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 500 ").doesNotContain("boom");
    }

    @Test
    void closesConnectionsBeyondItsLimit() throws IOException {
        log.expect("admin connection closed");
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < AdminEndpoint.CONNECTIONS_MAX; i++) {
            Socket socket = new Socket();
            socket.connect(endpoint.address());
            socket.getOutputStream().write("GET /live HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            sockets.add(socket);
        }

        try (Socket oneMore = new Socket()) {
            oneMore.connect(endpoint.address());

            assertThat(oneMore.getInputStream().read()).isEqualTo(-1);
        }
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Test
    void saysWhichAddressIsTaken() {
        assertThatThrownBy(() -> AdminEndpoint.start(endpoint.address(), Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("admin endpoint cannot listen on")
                .hasMessageContaining(Integer.toString(endpoint.address().getPort()));
    }

    /** Sends bytes and returns everything that comes back until the endpoint closes. */
    private String ask(String request) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(endpoint.address());
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
