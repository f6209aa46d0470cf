// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The table {@code t (part int, g int, x)} of a database, whose parts stand for shards, and what server and router make of it. */
final class SplitTable {
    static final int GROUPS = 1_200;
    private static final int PARTS = 3;
    private static final long SEED = 20260811;

    private SplitTable() {}

    /** Makes the table: some groups small and some of nothing but NULL, each spread over the parts. */
    static void fill(Connection connection, String type, List<String> texts) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists t");
            statement.execute("create table t (part int, g int, x %s)".formatted(type));
        }
        Random random = new Random(SEED);
        Integer[] parts = texts.stream().map(text -> random.nextInt(PARTS)).toArray(Integer[]::new);
        Integer[] groups = texts.stream()
                .map(text -> random.nextInt(1 + random.nextInt(GROUPS)))
                .toArray(Integer[]::new);
        try (PreparedStatement insert = connection.prepareStatement("""
                insert into t select p, g, case when g %% 10 = 3 or p = 1 and g %% 7 = 2 then null else t::%1$s end
                    from unnest(?::int[], ?::int[], ?::text[]) as u (p, g, t)""".formatted(type))) {
            insert.setArray(1, connection.createArrayOf("int4", parts));
            insert.setArray(2, connection.createArrayOf("int4", groups));
            insert.setArray(3, connection.createArrayOf("text", texts.toArray()));
            insert.executeUpdate();
        }
    }

    /** Returns the values, in hexadecimal digits, of what the router makes of the parts' rows. */
    static List<List<@Nullable String>> merged(Connection connection, String partial, GroupPlan plan)
            throws SQLException {
        MergedRows rows = MergedRows.of(PARTS, plan);
        for (int part = 0; part < PARTS; part++) {
            try (PreparedStatement statement = connection.prepareStatement(partial)) {
                statement.setInt(1, part);
                try (ResultSet result = statement.executeQuery()) {
                    while (result.next()) {
                        rows.offer(part, message(result, plan.columnCount()));
                    }
                }
            }
            rows.end(part);
        }
        List<List<@Nullable String>> values = new ArrayList<>();
        rows.drain(new RowSink() {
            @Override
            public void rows(ByteBuf messages) {
                while (messages.isReadable()) {
                    messages.skipBytes(5);
                    List<@Nullable String> row = new ArrayList<>();
                    for (int left = messages.readShort(); left > 0; left--) {
                        int length = messages.readInt();
                        byte[] value = new byte[Math.max(length, 0)];
                        messages.readBytes(value);
                        row.add(length < 0 ? null : hexadecimal(value));
                    }
                    values.add(row);
                }
                messages.release();
            }

            @Override
            public boolean isOpen() {
                return true;
            }
        });
        assertThat(rows.isDone()).isTrue();
        rows.close();
        return values;
    }

    /** Of infinity less infinity the processor of the server decides which NaN it is. */
    private static String hexadecimal(byte[] value) {
        String digits = HexFormat.of().formatHex(value);
        return digits.equals("fff8000000000000") || digits.equals("ffc00000") ? "7" + digits.substring(1) : digits;
    }

    private static ByteBuf message(ResultSet result, int columns) throws SQLException {
        ByteBuf message = Unpooled.buffer().writeByte('D').writeInt(0).writeShort(columns);
        for (int column = 1; column <= columns; column++) {
            byte[] value = result.getBytes(column);
            message.writeInt(value == null ? -1 : value.length);
            if (value != null) {
                message.writeBytes(value);
            }
        }
        return message.setInt(1, message.writerIndex() - 1);
    }

    /** Returns the values of the first columns, all of type bytea, in hexadecimal digits. */
    static List<List<@Nullable String>> rows(Connection connection, String query, int columns) throws SQLException {
        List<List<@Nullable String>> values = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                List<@Nullable String> row = new ArrayList<>();
                for (int column = 1; column <= columns; column++) {
                    byte[] value = rows.getBytes(column);
                    row.add(value == null ? null : hexadecimal(value));
                }
                values.add(row);
            }
        }
        return values;
    }

    /** Returns the texts, as bytes in one column, that a query makes of an array of texts. */
    static List<String> rows(Connection connection, String query, List<String> texts) throws SQLException {
        List<String> values = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setArray(1, connection.createArrayOf("text", texts.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    values.add(new String(rows.getBytes(1), StandardCharsets.UTF_8));
                }
            }
        }
        return values;
    }
}
