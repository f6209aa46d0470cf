// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.closeStatement;
import static io.trunkline.router.ClientMessage.copyData;
import static io.trunkline.router.ClientMessage.copyDone;
import static io.trunkline.router.ClientMessage.copyFail;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.flush;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;

import io.trunkline.router.SoakLedger.Fate;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One application of a soak: does one thing after another at random on a connection of its own, knows what each must give, and sometimes dies
 * in the middle of it.
 */
final class SoakClient implements Runnable {
    /** One thing an application does. */
    private interface Step {
        void run();
    }

    private static final int DIES_ONE_IN = 150;
    private static final int INT8 = 20;

    private final int number;
    private final int port;
    private final SoakLedger ledger;
    private final SoakChaos chaos;
    private final Random random;
    private final List<Step> steps = List.of(
            this::computes,
            this::computes,
            this::runsPrepared,
            this::runsPrepared,
            this::pipelines,
            this::changesSettings,
            this::looksAtSettings,
            this::configuresForTheTransaction,
            this::commits,
            this::commits,
            this::commitsInPipeline,
            this::rollsBack,
            this::goesBackToSavepoint,
            this::usesTemporaryTable,
            this::locks,
            this::triesALock,
            this::copiesIn,
            this::givesUpACopy,
            this::copiesOut,
            this::readsMuch,
            this::fetchesInPortions,
            this::declaresACursorWithHold,
            this::preparesBySql,
            this::isCancelled,
            this::notifiesItself,
            this::failsInTheMiddle,
            this::says);

    private @Nullable SoakDialog dialog;
    private String tenant = "";
    private int statements;
    private volatile long done;
    private volatile long interrupted;
    /** Whether an interrupted step may have left its statement prepared. */
    private boolean maybePrepared;

    private volatile @Nullable Throwable failure;
    private volatile boolean stopped;

    SoakClient(int number, int port, SoakLedger ledger, SoakChaos chaos, long seed) {
        this.number = number;
        this.port = port;
        this.ledger = ledger;
        this.chaos = chaos;
        this.random = new Random(seed);
    }

    long done() {
        return done;
    }

    long interrupted() {
        return interrupted;
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    void stop() {
        stopped = true;
    }

    @Override
    public void run() {
        try {
            while (!stopped) {
                step();
            }
        } catch (Throwable e) {
            SoakDialog last = dialog;
            failure = new AssertionError("client " + number + (last == null ? "" : " at: " + last.doing()), e);
        } finally {
            leave();
        }
    }

    private void leave() {
        SoakDialog open = dialog;
        dialog = null;
        if (open != null) {
            open.close();
        }
    }

    private void step() throws InterruptedException {
        try {
            if (dialog == null) {
                connect();
            }
            steps.get(random.nextInt(steps.size())).run();
            done++;
            if (random.nextInt(DIES_ONE_IN) == 0) {
                diesInTheMiddle();
            }
        } catch (SoakInterrupted e) {
            interrupted++;
            recover(e);
        }
    }

    private void connect() {
        dialog = new SoakDialog(port, chaos);
        tenant = "";
        statements = 0;
        maybePrepared = false;
    }

    /** Goes on with the same connection where that is still there: that is what the router promises. */
    private void recover(SoakInterrupted e) throws InterruptedException {
        SoakDialog open = dialog;
        if (open != null && !e.sqlState().isEmpty() && !e.sqlState().equals("57P01")) {
            try {
                open.recover();
                return;
            } catch (SoakInterrupted lost) {
                // the connection went too
            }
        }
        leave();
        Thread.sleep(random.nextInt(200));
    }

    private SoakDialog dialog() {
        SoakDialog open = dialog;
        if (open == null) {
            throw new IllegalStateException("not connected");
        }
        return open;
    }

    // what it does

    private void computes() {
        int a = random.nextInt(1_000_000);
        dialog().expect("select " + a + " + " + number, Integer.toString(a + number));
    }

    /** Every client uses the same names for other statements. */
    private void runsPrepared() {
        SoakDialog open = dialog();
        String name = "S_" + statements;
        int factor = number * 100 + statements;
        open.doing("prepared " + name);
        boolean fresh = statements < 40;
        if (fresh) {
            open.send(parse(name, "select $1::int8 * " + factor, INT8), sync());
            open.require("[ParseComplete]", open.reply().toString());
            statements++;
        } else {
            int old = random.nextInt(statements);
            name = "S_" + old;
            factor = number * 100 + old;
        }
        int value = random.nextInt(1_000);
        open.send(bind("", name, Integer.toString(value)), execute("", 0), sync());
        open.require(
                "[BindComplete, DataRow [" + (long) value * factor + "], CommandComplete SELECT 1]",
                open.reply().toString());
    }

    private void pipelines() {
        SoakDialog open = dialog();
        open.doing("pipeline");
        int groups = 1 + random.nextInt(20);
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < groups; i++) {
            frames.add(parse("", "select " + i + " + $1::int8", INT8));
            frames.add(bind("", "", Integer.toString(number)));
            frames.add(execute("", 0));
            if (random.nextInt(3) == 0) {
                frames.add(flush());
            }
            frames.add(sync());
        }
        open.send(frames.toArray(new byte[0][]));
        SoakInterrupted lost = null;
        for (int i = 0; i < groups; i++) {
            try {
                open.require(
                        "[ParseComplete, BindComplete, DataRow [" + (i + number) + "], CommandComplete SELECT 1]",
                        open.reply().toString());
            } catch (SoakInterrupted e) {
                // The replies to the groups behind it are still owed.
                lost = e;
                if (e.sqlState().isEmpty() || e.sqlState().equals("57P01")) {
                    throw e;
                }
            }
        }
        if (lost != null) {
            throw lost;
        }
    }

    private void changesSettings() {
        SoakDialog open = dialog();
        String next = "t" + number + "-" + random.nextInt(1_000);
        boolean byFunction = random.nextBoolean();
        String sql = byFunction
                ? "select set_config('app.tenant', '" + next + "', false)"
                : "set app.tenant to '" + next + "'";
        try {
            if (random.nextInt(4) == 0) {
                open.query("begin");
                open.query(sql);
                open.expect("show app.tenant", next);
                open.expectTag("rollback", "ROLLBACK");
            } else {
                open.query(sql);
                tenant = next;
            }
        } catch (SoakInterrupted e) {
            // Which value it has now is not known.
            leave();
            throw new SoakInterrupted("");
        }
    }

    private void looksAtSettings() {
        dialog().expect("select coalesce(current_setting('app.tenant', true), '')", tenant);
    }

    private void configuresForTheTransaction() {
        SoakDialog open = dialog();
        open.query("begin");
        open.query("set local work_mem to '7MB'");
        open.expect("show work_mem", "7MB");
        open.expectTag("commit", "COMMIT");
        open.expect("show work_mem", "4MB");
    }

    private void commits() {
        SoakDialog open = dialog();
        int count = 1 + random.nextInt(3);
        long first = ledger.begin(count);
        boolean committing = false;
        try {
            open.query("begin");
            for (int i = 0; i < count; i++) {
                open.expectTag("insert into ledger values (" + (first + i) + ", " + number + ")", "INSERT 0 1");
            }
            open.expect(
                    "select count(*) from ledger where id between " + first + " and " + (first + count - 1),
                    Integer.toString(count));
            committing = true;
            open.expectTag("commit", "COMMIT");
            ledger.end(first, count, Fate.COMMITTED);
        } catch (SoakInterrupted e) {
            boolean told = !e.sqlState().isEmpty() && !e.sqlState().equals("08007");
            if (!committing || told && !e.sqlState().equals("57P01")) {
                ledger.end(first, count, Fate.FAILED);
            }
            throw e;
        }
    }

    private void commitsInPipeline() {
        SoakDialog open = dialog();
        open.doing("insert by extended query");
        long id = ledger.begin(1);
        open.send(
                parse("", "insert into ledger values ($1, $2)", INT8, INT8),
                bind("", "", Long.toString(id), Integer.toString(number)),
                execute("", 0),
                sync());
        open.require(
                "[ParseComplete, BindComplete, CommandComplete INSERT 0 1]",
                open.reply().toString());
        ledger.end(id, 1, Fate.COMMITTED);
    }

    private void rollsBack() {
        SoakDialog open = dialog();
        long id = ledger.begin(1);
        ledger.end(id, 1, Fate.FAILED);
        open.query("begin");
        open.expectTag("insert into ledger values (" + id + ", " + number + ")", "INSERT 0 1");
        if (random.nextBoolean()) {
            open.expectError("select 1/0", "22012");
            open.expectError("select 1", "25P02");
            open.expectTag("commit", "ROLLBACK");
        } else {
            open.expectTag("rollback", "ROLLBACK");
        }
    }

    private void goesBackToSavepoint() {
        SoakDialog open = dialog();
        open.query("begin");
        open.query("set local app.depth to 'outer'");
        open.expectTag("savepoint s", "SAVEPOINT");
        open.query("set local app.depth to 'inner'");
        open.expectError("select 1/0", "22012");
        open.expectTag("rollback to s", "ROLLBACK");
        open.expect("show app.depth", "outer");
        open.expectTag("commit", "COMMIT");
    }

    private void usesTemporaryTable() {
        SoakDialog open = dialog();
        open.expectTag("create temp table scratch (i int)", "CREATE TABLE");
        open.expectTag("insert into scratch select generate_series(1, 10)", "INSERT 0 10");
        open.expect("select sum(i) from scratch", "55");
        open.expectTag("drop table scratch", "DROP TABLE");
    }

    private void locks() {
        SoakDialog open = dialog();
        int key = 1_000 + number;
        open.query("select pg_advisory_lock(" + key + ")");
        open.expect(
                "select count(*) from pg_locks where locktype = 'advisory' and objid = " + key
                        + " and pid = pg_backend_pid()",
                "1");
        open.expect("select pg_advisory_unlock(" + key + ")", "t");
    }

    private void triesALock() {
        SoakDialog open = dialog();
        List<ServerMessage> reply = open.query("select pg_try_advisory_lock(1)");
        if (reply.toString().contains("DataRow [t]")) {
            open.expect("select pg_advisory_unlock(1)", "t");
        }
    }

    private void copiesIn() {
        SoakDialog open = dialog();
        open.doing("copy in");
        int count = 1 + random.nextInt(50);
        long first = ledger.begin(count);
        open.send(query("copy ledger from stdin"));
        awaitCopy(open);
        StringBuilder data = new StringBuilder();
        for (int i = 0; i < count; i++) {
            data.append(first + i).append('\t').append(number).append('\n');
        }
        int cut = random.nextInt(data.length());
        open.send(copyData(data.substring(0, cut)), copyData(data.substring(cut)), copyDone());
        open.require("[CommandComplete COPY " + count + "]", open.reply().toString());
        ledger.end(first, count, Fate.COMMITTED);
    }

    private void givesUpACopy() {
        SoakDialog open = dialog();
        open.doing("copy that is given up");
        long id = ledger.begin(1);
        ledger.end(id, 1, Fate.FAILED);
        open.send(query("copy ledger from stdin"));
        awaitCopy(open);
        open.send(copyData(id + "\t" + number + "\n"), copyFail("changed my mind"));
        List<ServerMessage> reply = open.reply();
        open.require("57014", reply.get(0).type() == 'E' ? reply.get(0).sqlState() : reply.toString());
    }

    private static void awaitCopy(SoakDialog open) {
        while (true) {
            ServerMessage message = open.receive();
            if (message.type() == 'G') {
                return;
            }
            if (message.type() == 'E') {
                open.reply();
                throw new SoakInterrupted(message.sqlState());
            }
        }
    }

    private void copiesOut() {
        SoakDialog open = dialog();
        open.doing("copy out");
        open.send(query("copy (select generate_series(1, 500)) to stdout"));
        long rows =
                open.reply().stream().filter(message -> message.type() == 'd').count();
        open.require(500L, rows);
    }

    private void readsMuch() {
        SoakDialog open = dialog();
        open.doing("large result");
        int rows = 1 + random.nextInt(2_000);
        open.send(query(
                "select repeat('" + (char) ('a' + number % 26) + "', 1000) from generate_series(1, " + rows + ")"));
        List<ServerMessage> reply = open.reply();
        long right = reply.stream()
                .filter(message -> message.type() == 'D')
                .filter(message -> String.valueOf(message.columns().get(0)).charAt(999) == (char) ('a' + number % 26))
                .count();
        open.require((long) rows, right);
    }

    private void fetchesInPortions() {
        SoakDialog open = dialog();
        open.doing("portal with a row limit");
        open.send(query("begin"));
        open.reply();
        open.send(parse("", "select generate_series(1, 10)"), bind("p", ""), execute("p", 4), sync());
        open.require(4L, open.reply().stream().filter(m -> m.type() == 'D').count());
        open.send(execute("p", 0), sync());
        open.require(6L, open.reply().stream().filter(m -> m.type() == 'D').count());
        open.expectTag("commit", "COMMIT");
    }

    private void declaresACursorWithHold() {
        SoakDialog open = dialog();
        open.query("declare held cursor with hold for select generate_series(1, 5)");
        open.expect("fetch 1 from held", "1");
        open.expect("fetch 1 from held", "2");
        open.expectTag("close held", "CLOSE CURSOR");
    }

    private void preparesBySql() {
        SoakDialog open = dialog();
        if (maybePrepared) {
            // What was prepared follows the client over the loss of a backend: only the interrupted step had to end.
            open.expectTagOrError("deallocate mine", "DEALLOCATE", "26000");
        }
        maybePrepared = true;
        open.expectTag("prepare mine (int) as select $1 + " + number, "PREPARE");
        open.expect("execute mine (5)", Integer.toString(5 + number));
        open.expectTag("deallocate mine", "DEALLOCATE");
        maybePrepared = false;
    }

    private void isCancelled() {
        SoakDialog open = dialog();
        open.doing("select pg_sleep(20)");
        open.send(query("select pg_sleep(20)"));
        try {
            Thread.sleep(random.nextInt(60));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        String state = "";
        // One that comes before the statement runs cancels nothing, as on a server.
        for (int attempt = 0; attempt < 100 && state.isEmpty(); attempt++) {
            open.client().cancel();
            state = endOf(open);
        }
        open.require("57014", state);
        computes();
    }

    /** Returns the SQLSTATE the reply that is under way ends with, or nothing when it does not come within a moment. */
    private static String endOf(SoakDialog open) {
        try {
            open.client().socket().setSoTimeout(200);
            try {
                open.client().peek();
            } finally {
                open.client().socket().setSoTimeout(30_000);
            }
        } catch (SocketTimeoutException notYet) {
            return "";
        } catch (IOException gone) {
            throw new SoakInterrupted("");
        }
        List<ServerMessage> reply = open.reply();
        ServerMessage last = reply.get(reply.size() - 1);
        return last.type() == 'E' ? last.sqlState() : last.toString();
    }

    private void notifiesItself() {
        SoakDialog open = dialog();
        String channel = "c" + number;
        open.expectTag("listen " + channel, "LISTEN");
        open.doing("notify");
        open.send(query("notify " + channel + ", 'hello'"));
        boolean heard = false;
        boolean ready = false;
        while (!heard || !ready) {
            ServerMessage message = open.receive();
            heard |= message.toString().equals("NotificationResponse " + channel + " hello");
            // The backend that listens for many was lost, and the client told that it may have missed something.
            heard |= message.type() == 'N' && message.toString().contains("missed");
            ready |= message.isReadyForQuery();
            if (message.type() == 'E') {
                open.reply();
                throw new SoakInterrupted(message.sqlState());
            }
        }
        open.expectTag("unlisten " + channel, "UNLISTEN");
    }

    private void failsInTheMiddle() {
        SoakDialog open = dialog();
        long id = ledger.begin(1);
        ledger.end(id, 1, Fate.FAILED);
        open.expectError("insert into ledger values (" + id + ", 0); select 1/0; select 2", "22012");
    }

    private void says() {
        dialog().query(random.nextBoolean() ? "" : "-- nothing");
    }

    /** Dies with a transaction open, in the middle of a frame, a copy, or a result. */
    private void diesInTheMiddle() {
        SoakDialog open = dialog();
        long id = ledger.begin(1);
        ledger.end(id, 1, Fate.FAILED);
        String insert = "insert into ledger values (" + id + ", " + number + ")";
        switch (random.nextInt(6)) {
            case 0 -> {
                open.query("begin");
                open.query(insert);
            }
            case 1 -> {
                byte[] frame = query(insert);
                open.client().sendBytes(Arrays.copyOf(frame, frame.length - 3));
            }
            case 2 -> {
                open.send(query("copy ledger from stdin"));
                awaitCopy(open);
                open.send(copyData(id + "\t" + number + "\n"));
            }
            case 3 -> open.send(query("select repeat('x', 1000) from generate_series(1, 20000)"));
            case 4 -> open.send(parse("d", insert), bind("", "d"), execute("", 0), flush());
            default -> {
                open.query("create temp table left_behind (i int)");
                open.query("select pg_advisory_lock(" + (2_000 + number) + ")");
                open.send(closeStatement("nothing"));
            }
        }
        open.die();
        dialog = null;
    }
}
