// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.routing.RowShards;
import io.trunkline.testing.Case;
import io.trunkline.testing.Fragmenter;
import io.trunkline.topology.KeyType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Rows written as a client may write them come to the shard of their key, byte for byte, however the data are cut. */
@Case({"C12", "H51"})
class RowSplitterProperties {
    private static final String TEXT_CHARACTERS = "ab\\,\t\n\r'\";|N.x0 é€𝄞";

    /** Data of a COPY, and what each shard must get. */
    private record Scenario(String sql, KeyType type, byte[] data, List<byte[]> expected, List<Long> lines) {}

    @Property(tries = 1_500)
    void cuttingTheDataChangesNothing(@ForAll long seed) {
        Random random = new Random(seed);
        Scenario scenario = scenario(random, random.nextInt(30));

        for (Fragmenter fragmenter : List.of(
                Fragmenter.whole(),
                Fragmenter.everyByte(),
                Fragmenter.pieces(2 + random.nextInt(9)),
                Fragmenter.random(seed))) {
            check(scenario, fragmenter);
        }
    }

    @Example
    void cuttingTheDataAtAnyOnePositionChangesNothing() {
        for (long seed = 0; seed < 60; seed++) {
            Scenario scenario = scenario(new Random(seed), 6);

            for (int position = 1; position < scenario.data.length; position++) {
                check(scenario, Fragmenter.cutAt(position, scenario.data.length));
            }
        }
    }

    private static void check(Scenario scenario, Fragmenter fragmenter) {
        SplitCopy copy = new SplitCopy(scenario.sql, scenario.type).copy(scenario.data, fragmenter);

        for (int shard = 0; shard < SplitCopy.SHARDS; shard++) {
            assertThat(copy.bytes(shard)).as("shard %s", shard).isEqualTo(scenario.expected.get(shard));
        }
        for (int shard = 0; shard < SplitCopy.SHARDS; shard++) {
            assertThat(copy.splitter().lineOf(shard, 1))
                    .as("first line of shard %s", shard)
                    .isEqualTo(scenario.lines.get(shard));
        }
    }

    private static Scenario scenario(Random random, int rowCount) {
        boolean textKey = random.nextBoolean();
        KeyType type = textKey ? KeyType.TEXT : KeyType.INT8;
        return switch (random.nextInt(3)) {
            case 0 -> new Writer(random, type).text(rowCount);
            case 1 -> new Writer(random, type).csv(rowCount);
            default -> new Writer(random, type).binary(rowCount);
        };
    }

    /** Writes rows of three columns, the key at any place among them, by the rules of the manual. */
    private static final class Writer {
        private final Random random;
        private final KeyType type;
        private final RowShards shards;
        private final int keyIndex;
        private final ByteArrayOutputStream data = new ByteArrayOutputStream();
        private final List<ByteArrayOutputStream> lanes = new ArrayList<>();
        private final List<Long> firstLines = new ArrayList<>();
        private long line;

        Writer(Random random, KeyType type) {
            this.random = random;
            this.type = type;
            this.shards = SplitCopy.shards(type);
            this.keyIndex = random.nextInt(3);
            for (int shard = 0; shard < SplitCopy.SHARDS; shard++) {
                lanes.add(new ByteArrayOutputStream());
                firstLines.add(-1L);
            }
        }

        private String columns() {
            List<String> columns = new ArrayList<>(List.of("a", "b"));
            columns.add(keyIndex, "k");
            return String.join(", ", columns);
        }

        private Scenario scenario(String options) {
            return new Scenario(
                    "copy t (" + columns() + ") from stdin " + options,
                    type,
                    data.toByteArray(),
                    lanes.stream().map(ByteArrayOutputStream::toByteArray).toList(),
                    firstLines);
        }

        private String key() {
            return type == KeyType.TEXT
                    ? text()
                    : Long.toString(random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(100) - 50);
        }

        private String text() {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(6);
            for (int i = 0; i < length; i++) {
                int at = TEXT_CHARACTERS.offsetByCodePoints(
                        0, random.nextInt(TEXT_CHARACTERS.codePointCount(0, TEXT_CHARACTERS.length())));
                text.appendCodePoint(TEXT_CHARACTERS.codePointAt(at));
            }
            return text.toString();
        }

        private int shardOf(String key) {
            byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
            return shards.ofText(bytes, 0, bytes.length);
        }

        /**
         * Adds a row.
         *
         * @param linesOfFirst how many lines a shard counts that has got no other before
         */
        private void row(int shard, byte[] row, int lines, int linesOfFirst) {
            line += lines;
            if (firstLines.get(shard) < 0) {
                firstLines.set(shard, line - Math.min(linesOfFirst, lines) + 1);
            }
            data.writeBytes(row);
            lanes.get(shard).writeBytes(row);
        }

        private void header(byte[] header, int countedLines) {
            line += countedLines;
            data.writeBytes(header);
            for (int shard = 0; shard < SplitCopy.SHARDS; shard++) {
                lanes.get(shard).writeBytes(header);
                if (countedLines > 0) {
                    firstLines.set(shard, 1L);
                }
            }
        }

        Scenario text(int rowCount) {
            char delimiter = "\t,;|".charAt(random.nextInt(4));
            String end = List.of("\n", "\r", "\r\n").get(random.nextInt(3));
            boolean header = random.nextInt(4) == 0;
            if (header) {
                header(("a" + delimiter + "b" + end).getBytes(StandardCharsets.UTF_8), 1);
            }
            for (int i = 0; i < rowCount; i++) {
                StringBuilder row = new StringBuilder();
                String key = key();
                for (int column = 0; column < 3; column++) {
                    row.append(column == 0 ? "" : delimiter);
                    row.append(
                            column == keyIndex
                                    ? escaped(key, delimiter)
                                    : random.nextInt(5) == 0 ? "\\N" : escaped(text(), delimiter));
                }
                if (i < rowCount - 1 || random.nextBoolean()) {
                    row.append(end);
                }
                row(shardOf(key), row.toString().getBytes(StandardCharsets.UTF_8), 1, 1);
            }
            if (rowCount > 0 && random.nextInt(5) == 0 && endsInLine(end)) {
                data.writeBytes(("\\." + end + "what is behind counts\tfor nothing").getBytes(StandardCharsets.UTF_8));
            }
            return scenario("(delimiter E'" + (delimiter == '\t' ? "\\t" : delimiter) + "', header " + header + ")");
        }

        private boolean endsInLine(String end) {
            String written = data.toString(StandardCharsets.UTF_8);
            return written.endsWith(end) && !written.endsWith("\\" + end);
        }

        private String escaped(String value, char delimiter) {
            StringBuilder written = new StringBuilder();
            value.codePoints().forEach(c -> {
                boolean must = c == '\\' || c == delimiter || c == '\n' || c == '\r';
                if (c == '\n' && random.nextBoolean()) {
                    written.append("\\n");
                } else if (c == '\r' || c == '\n' && random.nextBoolean()) {
                    written.append(c == '\r' ? "\\r" : "\\012");
                } else if (c == 'a' && random.nextInt(3) == 0) {
                    written.append(random.nextBoolean() ? "\\x61" : "\\141");
                } else if (must || c == '\'' && random.nextBoolean()) {
                    written.append('\\').appendCodePoint(c);
                } else {
                    written.appendCodePoint(c);
                }
            });
            return written.toString();
        }

        Scenario csv(int rowCount) {
            char delimiter = "\t,;|".charAt(random.nextInt(4));
            char quote = "\"'".charAt(random.nextInt(2));
            char escape = random.nextBoolean() ? quote : '\\';
            String end = List.of("\n", "\r", "\r\n").get(random.nextInt(3));
            boolean header = random.nextInt(4) == 0;
            if (header) {
                header(("a" + delimiter + "b" + end).getBytes(StandardCharsets.UTF_8), 1);
            }
            for (int i = 0; i < rowCount; i++) {
                StringBuilder row = new StringBuilder();
                String key = key();
                for (int column = 0; column < 3; column++) {
                    row.append(column == 0 ? "" : delimiter);
                    String value = column == keyIndex ? key : text();
                    row.append(quoted(value, delimiter, quote, escape));
                }
                // A server counts the line ends within quotes, and as long as it does not know what they are carriage
                // returns.
                boolean newline = end.equals("\n") && (i > 0 || header);
                int within = (int)
                        row.chars().filter(c -> c == (newline ? '\n' : '\r')).count();
                int withinFirst = (int) row.chars().filter(c -> c == '\r').count();
                if (i < rowCount - 1 || random.nextBoolean()) {
                    row.append(end);
                }
                row(shardOf(key), row.toString().getBytes(StandardCharsets.UTF_8), 1 + within, 1 + withinFirst);
            }
            return scenario("(format csv, delimiter E'" + (delimiter == '\t' ? "\\t" : delimiter) + "', quote E'\\"
                    + quote + "', escape E'\\" + escape + "', null 'null', header " + header + ")");
        }

        private String quoted(String value, char delimiter, char quote, char escape) {
            boolean must = value.chars().anyMatch(c -> c == delimiter || c == quote || c == '\n' || c == '\r')
                    || value.isEmpty() && random.nextBoolean();
            if (!must && random.nextInt(3) > 0) {
                return value;
            }
            StringBuilder written = new StringBuilder().append(quote);
            value.codePoints().forEach(c -> {
                if (c == quote || c == escape) {
                    written.append(escape);
                }
                written.appendCodePoint(c);
            });
            return written.append(quote).toString();
        }

        Scenario binary(int rowCount) {
            header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\3ext".getBytes(StandardCharsets.ISO_8859_1), 0);
            for (int i = 0; i < rowCount; i++) {
                ByteArrayOutputStream row = new ByteArrayOutputStream();
                String key = key();
                row.writeBytes(new byte[] {0, 3});
                for (int column = 0; column < 3; column++) {
                    if (column == keyIndex) {
                        field(row, type == KeyType.TEXT ? key.getBytes(StandardCharsets.UTF_8) : int8(key));
                    } else if (random.nextInt(4) == 0) {
                        row.writeBytes(new byte[] {-1, -1, -1, -1});
                    } else {
                        field(row, text().getBytes(StandardCharsets.UTF_8));
                    }
                }
                row(shardOf(key), row.toByteArray(), 1, 1);
            }
            if (random.nextBoolean()) {
                header(new byte[] {-1, -1}, 0);
            }
            return scenario("(format binary)");
        }

        private static byte[] int8(String number) {
            return java.nio.ByteBuffer.allocate(8)
                    .putLong(Long.parseLong(number))
                    .array();
        }

        private static void field(ByteArrayOutputStream row, byte[] value) {
            row.writeBytes(java.nio.ByteBuffer.allocate(4).putInt(value.length).array());
            row.writeBytes(value);
        }
    }
}
