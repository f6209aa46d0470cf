// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Large texts moved through a router, made on one side and compared on the other, and kept by neither client nor router.
 *
 * <p>Each method uses a client of its own unless one is given, and returns how many bytes of the text passed. Any number of threads may use an
 * instance.
 */
final class BulkTransfer {
    private static final int TYPE_TEXT = 25;

    private final SmallRouter router;

    BulkTransfer(SmallRouter router) {
        this.router = router;
    }

    /** Returns SQL for one value of so many bytes. */
    static String value(long bytes) {
        return "select string_agg(" + NumberedText.sql("i") + ", '') from generate_series(1, " + lines(bytes) + ") i";
    }

    /** Returns SQL for rows of one block each, which the server makes one by one while they are read. */
    static String rows(long bytes) {
        return "select " + NumberedText.sql("generate_series(1, " + lines(bytes) + ")");
    }

    private static long lines(long bytes) {
        return bytes / NumberedText.BLOCK_BYTES;
    }

    long readValue(long bytes) {
        try (WireClient client = router.connect()) {
            client.send(query(value(bytes)));
            return receiveRows(client, bytes);
        }
    }

    long readRows(long bytes) {
        try (WireClient client = router.connect()) {
            client.send(query(rows(bytes)));
            return receiveRows(client, bytes);
        }
    }

    /** Receives the answer to a query that was sent. */
    static long receiveRows(WireClient client, long bytes) {
        NumberedText text = rowsText(bytes);
        expectRows(client, text);
        return text.bytes();
    }

    /** Returns what {@link #value} and {@link #rows} bring. */
    static NumberedText rowsText(long bytes) {
        return new NumberedText(lines(bytes), "");
    }

    /** Receives the rows of an answer, or those that are left of it, and its end. */
    static void expectRows(WireClient client, NumberedText text) {
        expectEnd(client.receiveUntilReady('D', text::compareRow), text);
    }

    long copyOut(long bytes) {
        NumberedText text = new NumberedText(lines(bytes), "\n");
        try (WireClient client = router.connect()) {
            client.send(query("copy (" + rows(bytes) + ") to stdout"));
            expectEnd(client.receiveUntilReady('d', text::compare), text);
        }
        return text.bytes();
    }

    private static void expectEnd(List<ServerMessage> rest, NumberedText text) {
        assertThat(text.isComplete()).as("all came, then " + rest).isTrue();
        assertThat(rest.get(rest.size() - 1).status()).isEqualTo('I');
    }

    /** Copies into a table of its own and has the server compare what it got. */
    long copyIn(long bytes) throws IOException {
        try (WireClient client = router.connect()) {
            client.query("create unlogged table copied (line text)");
            long passed = copyInto(client, "copied", bytes);
            client.query("begin");
            // A scan from the beginning gives the rows in the order in which they came.
            client.query("set local synchronize_seqscans = off");
            String equal =
                    client.ask("select count(*) from (select line, row_number() over () as number from copied) as l"
                            + " where line = " + NumberedText.sql("number"));
            client.query("commit");
            client.query("drop table copied");
            assertThat(equal).isEqualTo(Long.toString(lines(bytes)));
            return passed;
        }
    }

    static long copyInto(WireClient client, String table, long bytes) throws IOException {
        NumberedText text = new NumberedText(lines(bytes), "\n");
        client.send(query("copy " + table + " from stdin")).receiveUntil('G');
        LongMessage.writeCopyData(client.output(), text, lines(bytes));
        assertThat(client.send(copyDone()).receiveUntilReady().stream().map(ServerMessage::toString))
                .containsExactly("CommandComplete COPY " + lines(bytes), "ReadyForQuery I");
        return text.bytes();
    }

    long writeQuery(long bytes) throws IOException {
        NumberedText text = new NumberedText(lines(bytes), "");
        try (WireClient client = router.connect()) {
            LongMessage.writeQuery(client.output(), "select md5('", text, "')");
            expectDigest(client, bytes);
        }
        return text.bytes();
    }

    long writeParameter(String statement, long bytes) throws IOException {
        try (WireClient client = router.connect()) {
            NumberedText text = beginParameter(client, statement, bytes);
            text.writeTo(client.output(), bytes);
            return endParameter(client, text);
        }
    }

    /** Sends what stands before a parameter's value; returns the value, which is to be written. */
    static NumberedText beginParameter(WireClient client, String statement, long bytes) throws IOException {
        NumberedText text = new NumberedText(lines(bytes), "");
        client.send(parse(statement, "select md5($1)", TYPE_TEXT));
        LongMessage.beginBind(client.output(), statement, text);
        return text;
    }

    /** Sends what stands behind the value and expects the answer. */
    static long endParameter(WireClient client, NumberedText text) throws IOException {
        LongMessage.endBind(client.output());
        client.send(execute("", 0), sync());
        expectDigest(client, text.bytes());
        return text.bytes();
    }

    private static void expectDigest(WireClient client, long bytes) {
        assertThat(client.receiveUntilReady().stream().map(ServerMessage::toString))
                .contains("DataRow [" + new NumberedText(lines(bytes), "").md5() + "]", "ReadyForQuery I");
        assertThat(client.ask("select 1")).isEqualTo("1");
    }

    /** Reads a value by psql, which ends it with a line break. */
    long readValueByPsql(long bytes) throws IOException, InterruptedException {
        NumberedText text = new NumberedText(lines(bytes), "");
        psql(value(bytes), in -> {
            text.compare(in, text.bytes());
            assertThat(in.read()).isEqualTo('\n');
        });
        return text.bytes();
    }

    long copyOutByPsql(long bytes) throws IOException, InterruptedException {
        NumberedText text = new NumberedText(lines(bytes), "\n");
        psql("copy (" + rows(bytes) + ") to stdout", in -> text.compare(in, text.bytes()));
        return text.bytes();
    }

    private interface OutputReader {
        void read(InputStream in) throws IOException;
    }

    private void psql(String sql, OutputReader reader) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("psql", "-X", "-A", "-t", "-c", sql, psqlTarget());
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        Process process = builder.start();
        try (InputStream in = process.getInputStream()) {
            reader.read(in);
            assertThat(in.read()).as("end of the output").isNegative();
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    private String psqlTarget() {
        return "host=127.0.0.1 sslmode=disable gssencmode=disable port=" + router.port() + " user="
                + RouterUnderTest.TRUSTED_USER + " dbname=" + TestTopologies.DATABASE;
    }

    static boolean isPsqlInstalled() {
        try {
            return new ProcessBuilder("psql", "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
