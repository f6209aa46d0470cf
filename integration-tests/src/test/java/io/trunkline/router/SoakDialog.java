// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection during a soak: every answer is checked, and what a dying backend explains is told apart from what nothing does.
 */
final class SoakDialog implements AutoCloseable {
    /** What a client may be told when a backend, a node or an administrator ends something. */
    private static final Set<String> LOSSES =
            Set.of("40001", "08007", "08006", "57P01", "57P02", "57P03", "53300", "08001");

    private final WireClient client;
    private final SoakChaos chaos;
    /** Where in its step the client is, for the report. */
    private String doing = "";

    SoakDialog(int port, SoakChaos chaos) {
        this.chaos = chaos;
        try {
            client = WireClient.connect(port, TestTopologies.DATABASE);
        } catch (UncheckedIOException e) {
            throw ended(e);
        }
    }

    WireClient client() {
        return client;
    }

    /** Says what is done next. */
    void doing(String what) {
        doing = what;
    }

    String doing() {
        return doing;
    }

    /** Sends frames. */
    void send(byte[]... frames) {
        try {
            client.send(frames);
        } catch (UncheckedIOException e) {
            throw ended(e);
        }
    }

    /** Returns the next message. */
    ServerMessage receive() {
        try {
            return client.receive();
        } catch (UncheckedIOException e) {
            throw ended(e);
        }
    }

    private RuntimeException ended(UncheckedIOException e) {
        if (e.getCause() instanceof SocketTimeoutException) {
            return new SoakFailure("no answer: " + doing);
        }
        if (chaos.explainsLoss()) {
            return new SoakInterrupted("");
        }
        return new SoakFailure("connection ended: " + doing + ": " + e.getCause());
    }

    /** Receives up to ReadyForQuery and returns its status; messages that may come at any time are left out of the list. */
    char receiveReply(List<ServerMessage> into) {
        while (true) {
            ServerMessage message = receive();
            switch (message.type()) {
                case 'S', 'N', 'A' -> {
                    // any time
                }
                case 'Z' -> {
                    return message.status();
                }
                default -> into.add(message);
            }
        }
    }

    /** Runs a simple query that must not fail and returns what came but ReadyForQuery. */
    List<ServerMessage> query(String sql) {
        List<ServerMessage> messages = ask(sql);
        if (messages.stream().anyMatch(message -> message.type() == 'E')) {
            throw new SoakFailure(doing + ": " + messages);
        }
        return messages;
    }

    private List<ServerMessage> ask(String sql) {
        doing = sql.length() > 200 ? sql.substring(0, 200) : sql;
        send(ClientMessage.query(sql));
        return reply();
    }

    /** Receives one reply; an error that a loss explains ends the step. */
    List<ServerMessage> reply() {
        List<ServerMessage> messages = new ArrayList<>();
        receiveReply(messages);
        for (ServerMessage message : messages) {
            if (message.type() == 'E') {
                requireNoLoss(message);
            }
        }
        return messages;
    }

    private void requireNoLoss(ServerMessage error) {
        String state = error.sqlState();
        if (LOSSES.contains(state) && chaos.explainsLoss()) {
            throw new SoakInterrupted(state);
        }
    }

    /** Runs a simple query that must return this as the first column of its first row. */
    void expect(String sql, @Nullable String value) {
        List<ServerMessage> messages = query(sql);
        for (ServerMessage message : messages) {
            if (message.type() == 'D') {
                require(value, message.columns().get(0));
                return;
            }
        }
        throw new SoakFailure(sql + ": expected " + value + ", got " + messages);
    }

    /** Runs a simple query that must complete with this tag. */
    void expectTag(String sql, String tag) {
        List<ServerMessage> messages = query(sql);
        String got = messages.isEmpty()
                ? "nothing"
                : messages.get(messages.size() - 1).toString();
        require("CommandComplete " + tag, got);
    }

    /** Runs a simple query that must complete with this tag or fail with this SQLSTATE. */
    void expectTagOrError(String sql, String tag, String sqlState) {
        List<ServerMessage> messages = ask(sql);
        ServerMessage last = messages.get(messages.size() - 1);
        if (last.type() == 'E') {
            require(sqlState, last.sqlState());
        } else {
            require("CommandComplete " + tag, last.toString());
        }
    }

    /** Runs a simple query that must fail with this SQLSTATE. */
    void expectError(String sql, String sqlState) {
        List<ServerMessage> messages = ask(sql);
        ServerMessage last = messages.get(messages.size() - 1);
        require(sqlState, last.type() == 'E' ? last.sqlState() : last.toString());
    }

    void require(@Nullable Object expected, @Nullable Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new SoakFailure(doing + ": expected " + expected + ", got " + actual);
        }
    }

    /** Brings the session outside of any transaction again after a step was interrupted. */
    void recover() {
        doing = "rollback";
        send(ClientMessage.query("rollback"));
        List<ServerMessage> ignored = new ArrayList<>();
        char status = receiveReply(ignored);
        require('I', status);
    }

    @Override
    public void close() {
        client.close();
    }

    /** Ends the connection as a client that dies does. */
    void die() {
        client.abort();
    }
}
