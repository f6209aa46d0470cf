// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.oracle.Statement.Order;
import io.trunkline.oracle.Statement.Protocol;
import io.trunkline.router.ClientMessage;
import io.trunkline.router.ServerMessage;
import io.trunkline.router.WireClient;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One connection on which statements are sent as they say, and whose answers are read. */
final class Dialog implements AutoCloseable {
    private final WireClient client;
    private char status = 'I';

    Dialog(int port, String database) {
        client = WireClient.connect(port, database);
    }

    /** Returns the transaction status after the last answer. */
    char status() {
        return status;
    }

    Answer ask(Statement statement) {
        if (statement.protocol().isExtended()) {
            client.send(extended(List.of(statement)));
        } else {
            client.send(ClientMessage.query(statement.sql().literal()));
        }
        return answer(
                List.of(statement.order()),
                statement.copyData(),
                statement.protocol().isExtended());
    }

    Answer ask(String sql) {
        return ask(Statement.of("", sql));
    }

    /** Sends all of them in one text. */
    Answer askTogether(List<Statement> statements) {
        client.send(ClientMessage.query(
                statements.stream().map(statement -> statement.sql().literal()).collect(Collectors.joining("; "))));
        return answer(statements.stream().map(Statement::order).toList(), null, false);
    }

    /** Sends all of them with one Sync. */
    Answer askPipelined(List<Statement> statements) {
        client.send(extended(statements));
        return answer(statements.stream().map(Statement::order).toList(), null, true);
    }

    private static byte[][] extended(List<Statement> statements) {
        List<byte[]> frames = new ArrayList<>();
        for (Statement statement : statements) {
            List<Parameter> parameters = statement.sql().parameters();
            frames.add(ClientMessage.parse(
                    "",
                    statement.sql().numbered(),
                    parameters.stream().mapToInt(Parameter::oid).toArray()));
            frames.add(ClientMessage.bind(
                    "",
                    "",
                    parameters.stream()
                            .mapToInt(parameter -> parameter.binary() ? 1 : 0)
                            .toArray(),
                    parameters.stream().map(Parameter::bytes).toArray(byte[][]::new),
                    statement.protocol() == Protocol.EXTENDED_BINARY_RESULT ? new int[] {1} : new int[0]));
            frames.add(ClientMessage.describePortal(""));
            frames.add(ClientMessage.execute("", 0));
        }
        frames.add(ClientMessage.sync());
        return frames.toArray(byte[][]::new);
    }

    /**
     * Returns what comes up to the ReadyForQuery.
     *
     * @param extended whether the Sync that was sent already stands within the copy, if there is one, and counts for nothing
     */
    private Answer answer(List<Order> orders, @Nullable String copyData, boolean extended) {
        List<ServerMessage> messages = new ArrayList<>();
        ServerMessage message;
        do {
            message = client.receive();
            messages.add(message);
            if (message.type() == 'G') {
                client.send(
                        copyData == null
                                ? new byte[][] {ClientMessage.copyFail("nothing to copy")}
                                : new byte[][] {ClientMessage.copyData(copyData), ClientMessage.copyDone()});
                if (extended) {
                    client.send(ClientMessage.sync());
                }
            }
        } while (!message.isReadyForQuery());
        status = message.status();
        return Answer.of(messages, orders);
    }

    @Override
    public void close() {
        client.close();
    }
}
