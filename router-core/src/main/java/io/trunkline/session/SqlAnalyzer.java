// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.netty.buffer.ByteBuf;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.StatementRouter;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.QueryShape;
import io.trunkline.sql.RefusalCode;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.ShardingShapeReader;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementReader;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.StatementText;
import io.trunkline.sql.TableDirectory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of query texts, by fingerprint: the lexer's shape is read on the event loop, the tree on threads of its own.
 *
 * <p>Bounded: so many texts are remembered, so many trees wait to be read; a text that finds no room there is refused for the moment.
 */
@SharedAcrossLoops(
        "a concurrent cache of immutable values; trees are read on threads of the analyzer and handed back to the loop that asked")
public final class SqlAnalyzer implements AutoCloseable {
    /** Most texts remembered, a long one counted once more for each kilobyte. */
    public static final int TEXTS_MAX = 20_000;
    /** What one text counts at most; one that counted more than all would never be remembered. */
    private static final int WEIGHT_MAX = 1_000;
    /** Most texts waiting for their tree. */
    public static final int WAITING_MAX = 1_000;

    private static final Logger log = LoggerFactory.getLogger(SqlAnalyzer.class);

    private static final int READERS = 2;
    /** JSqlParser descends deeply. */
    private static final long READER_STACK_BYTES = 8L * 1024 * 1024;

    /**
     * What an analysis depends on.
     *
     * @param pathInFlux whether the end of the transaction changes the path, for what follows in the same text
     */
    private record Key(long high, long low, String cluster, long revision, String searchPath, boolean pathInFlux) {}

    /**
     * What is remembered.
     *
     * @param weight how many texts it counts as
     */
    private record Known(AnalyzedQuery analysis, int weight) {
        static Known of(AnalyzedQuery analysis, int textBytes) {
            return new Known(analysis, Math.min(1 + textBytes / 1024, WEIGHT_MAX));
        }
    }

    private final Cache<Key, Known> known = Caffeine.newBuilder()
            .maximumWeight(TEXTS_MAX)
            .<Key, Known>weigher((key, remembered) -> remembered.weight)
            .executor(Runnable::run)
            .build();
    private final AtomicInteger reading = new AtomicInteger();
    private final ThreadPoolExecutor readers;
    private final ThreadLocal<ShardingShapeReader> treeReader = ThreadLocal.withInitial(ShardingShapeReader::new);
    private final ThreadLocal<StatementReader> statementReader = ThreadLocal.withInitial(StatementReader::new);

    /** Starts the threads. */
    public SqlAnalyzer() {
        readers = new ThreadPoolExecutor(
                READERS, READERS, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(WAITING_MAX), task -> {
                    Thread thread = new Thread(null, task, "sql-reader", READER_STACK_BYTES);
                    thread.setDaemon(true);
                    return thread;
                });
        readers.allowCoreThreadTimeOut(true);
    }

    /** Returns what is known of a scanned text; null when its tree is being read: the session proceeds when it is there. */
    @Nullable
    AnalyzedQuery find(SqlScan scan, ByteBuf text, ClusterView view, Session session) {
        StatementRouter router = view.treeRouter();
        boolean sharded = router != null;
        Key key = new Key(
                scan.fingerprintHigh(),
                scan.fingerprintLow(),
                // Two clusters of one topology may shard tables of the same name differently.
                sharded ? view.name() : "",
                sharded ? view.revision() : 0,
                sharded ? session.texts.searchPathText() : "",
                sharded && session.settings.isPathInFlux());
        Known remembered = known.getIfPresent(key);
        if (remembered != null) {
            return remembered.analysis;
        }
        int last = scan.statementCount() - 1;
        int textBytes = last < 0 ? 0 : scan.statementEnd(last) - scan.statementStart(0);
        QueryShape shape = statementReader.get().read(scan, text);
        String words = view.dryRun() == null || last < 0
                ? null
                : StatementText.of(
                        text, scan.statementStart(0), scan.statementEnd(last), scan.standardConformingStrings());
        if (router == null || !shape.trusted() || !needsTree(shape, router)) {
            AnalyzedQuery read = new AnalyzedQuery(shape, List.of(), words);
            known.put(key, Known.of(read, textBytes));
            return read;
        }
        List<String> statements = new ArrayList<>(shape.statements().size());
        for (int i = 0; i < scan.statementCount(); i++) {
            int start = scan.statementStart(i);
            statements.add(text.toString(start, scan.statementEnd(i) - start, StandardCharsets.UTF_8));
        }
        List<TableDirectory> tables = tables(scan, text, shape, router.table(), session);
        boolean conforming = scan.standardConformingStrings();
        Worker worker = session.worker;
        reading.incrementAndGet();
        try {
            readers.execute(() -> {
                try {
                    AnalyzedQuery read =
                            new AnalyzedQuery(shape, readTrees(shape, statements, conforming, router, tables), words);
                    known.put(key, Known.of(read, textBytes));
                    worker.execute(session::proceed);
                } finally {
                    reading.decrementAndGet();
                }
            });
        } catch (RejectedExecutionException full) {
            reading.decrementAndGet();
            // Without its tree a statement runs only where the client names the shard; not remembered, so it is tried
            // again.
            return AnalyzedQuery.unread(shape);
        }
        return null;
    }

    /** Returns by statement how its tables are found: behind one that may change the search path, none without its schema. */
    private static List<TableDirectory> tables(
            SqlScan scan, ByteBuf text, QueryShape shape, RoutingTable table, Session session) {
        TableDirectory found = session.texts.tables(table);
        boolean inFlux = session.settings.isPathInFlux();
        List<TableDirectory> tables = new ArrayList<>(scan.statementCount());
        for (int i = 0; i < scan.statementCount(); i++) {
            tables.add(found);
            StatementKind kind = shape.statements().get(i).kind();
            boolean goesBack = inFlux && (kind.endsTransaction() || kind == StatementKind.ROLLBACK_TO_SAVEPOINT);
            if (goesBack
                    || kind.isSessionCommand()
                            && SessionCommand.read(
                                            text,
                                            scan.statementStart(i),
                                            scan.statementEnd(i),
                                            scan.standardConformingStrings())
                                    .isOfSearchPath()) {
                found = table.forSearchPath(TextContext.UNKNOWN_PATH);
            }
        }
        return tables;
    }

    private List<@Nullable ShardingShape> readTrees(
            QueryShape shape,
            List<String> statements,
            boolean standardConformingStrings,
            StatementRouter router,
            List<TableDirectory> tables) {
        List<@Nullable ShardingShape> shapes = new ArrayList<>(statements.size());
        for (int i = 0; i < statements.size(); i++) {
            boolean needed = router.needsShardingShape(shape.statements().get(i));
            shapes.add(needed ? readTree(statements.get(i), standardConformingStrings, tables.get(i)) : null);
        }
        return Collections.unmodifiableList(shapes);
    }

    /** A reader that fails must leave an answer all the same: a session waits for it, and would ask again. */
    private ShardingShape readTree(String statement, boolean standardConformingStrings, TableDirectory tables) {
        try {
            return treeReader.get().read(statement, standardConformingStrings, tables);
        } catch (RuntimeException e) {
            log.error("the reader of a statement failed", e);
            return ShardingShape.refused(RefusalCode.UNREADABLE.because("its reader failed"));
        }
    }

    /** Returns true while trees are being read or wait for it; what was read when this says no has been handed back. */
    public boolean isReading() {
        return reading.get() > 0;
    }

    private static boolean needsTree(QueryShape shape, StatementRouter router) {
        for (StatementShape statement : shape.statements()) {
            if (router.needsShardingShape(statement)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        readers.shutdownNow();
    }
}
