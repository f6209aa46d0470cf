// SPDX-License-Identifier: Apache-2.0
package io.trunkline.catalog;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.error.RouterError;
import io.trunkline.routing.CatalogQueries;
import io.trunkline.routing.CatalogSnapshot;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the catalogue snapshot of one database fresh: reads it at the start, again after each interval, and soon after {@link #refresh}.
 *
 * <p>Every reading opens a connection of its own, so it never takes a place in a pool. When it fails, the snapshot in force stays and the next
 * candidate is tried after a short pause. Confined to one event loop.
 */
public final class CatalogLoader {
    private static final Logger LOG = LoggerFactory.getLogger(CatalogLoader.class);
    /** The least time between two readings that were asked for. */
    private static final Duration REFRESH_PAUSE = Duration.ofMillis(200);

    private static final Duration RETRY_PAUSE = Duration.ofSeconds(1);
    /** How long a node may take to answer all queries; the next candidate is asked then. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

    private static final List<String> QUERIES = List.of(
            CatalogQueries.FUNCTIONS, CatalogQueries.RELATIONS, CatalogQueries.HIDDEN_CALLS, CatalogQueries.TABLE_USES);

    private final Supplier<List<BackendTarget>> candidates;
    private final Supplier<Wanted> wanted;
    private final BackendConnector connector;
    private final EventLoopClock clock;
    private final Duration interval;
    private final Consumer<CatalogSnapshot> listener;
    private @Nullable Cancellable timer;
    private @Nullable Reading reading;
    private boolean loading;
    private boolean again;
    /** A reading was asked for, and is about to begin. */
    private boolean soon;

    private boolean closed;
    private int attempts;

    /**
     * What is worth knowing of a catalogue beside what always is.
     *
     * @param placedSchemas the schemas that are whole on one shard; what concerns them is read only where there are any
     * @param definitions whether it will be compared with other shards'
     */
    public record Wanted(Set<String> placedSchemas, boolean definitions) {
        /** Nothing more. */
        public static final Wanted NOTHING = new Wanted(Set.of(), false);
    }

    /**
     * Creates a loader; call {@link #start} on the event loop next.
     *
     * @param candidates nodes that can be asked now, the best first; empty when none is known
     * @param wanted what else to read, asked for each reading
     * @param listener takes each snapshot, on the event loop
     */
    public CatalogLoader(
            Supplier<List<BackendTarget>> candidates,
            Supplier<Wanted> wanted,
            BackendConnector connector,
            EventLoopClock clock,
            Duration interval,
            Consumer<CatalogSnapshot> listener) {
        this.candidates = candidates;
        this.wanted = wanted;
        this.connector = connector;
        this.clock = clock;
        this.interval = interval;
        this.listener = listener;
    }

    /** Begins to read. */
    public void start() {
        assert clock.inEventLoop();
        load();
    }

    /** Definitions may have changed: reads again soon. From any thread. */
    public void refresh() {
        clock.execute(() -> {
            if (loading) {
                again = true;
            } else if (!soon) {
                schedule(REFRESH_PAUSE);
                soon = true;
            }
        });
    }

    /** Stops reading. */
    public void close() {
        closed = true;
        if (timer != null) {
            timer.cancel();
        }
        if (reading != null) {
            reading.end("catalogue is no longer read");
        }
    }

    private void schedule(Duration pause) {
        if (closed) {
            return;
        }
        if (timer != null) {
            timer.cancel();
        }
        timer = clock.schedule(pause.toNanos(), this::load);
    }

    private void load() {
        soon = false;
        List<BackendTarget> targets = candidates.get();
        if (closed || loading) {
            return;
        }
        if (targets.isEmpty()) {
            schedule(RETRY_PAUSE);
            return;
        }
        loading = true;
        again = false;
        BackendTarget target = targets.get(Math.floorMod(attempts, targets.size()));
        connector.connect(target, new BackendConnector.Listener() {
            @Override
            public void onConnected(BackendConnection backend) {
                if (closed) {
                    backend.close("catalogue is no longer read");
                    return;
                }
                Reading begun = new Reading(backend);
                reading = begun;
                begun.ask();
            }

            @Override
            public void onFailed(RouterError error) {
                failed(target, error.response().sqlState());
            }
        });
    }

    private void loaded(CatalogSnapshot snapshot) {
        loading = false;
        // The primary is the first to be asked again: a replica may lag behind a definition that came through this
        // router.
        attempts = 0;
        listener.accept(snapshot);
        schedule(again ? REFRESH_PAUSE : interval);
    }

    private void failed(BackendTarget target, String sqlState) {
        loading = false;
        attempts++;
        LOG.atInfo()
                .addKeyValue("cluster", target.cluster())
                .addKeyValue("node", target.node())
                .addKeyValue("database", target.database())
                .addKeyValue("sqlstate", sqlState)
                .log("catalogue could not be read, trying again");
        schedule(RETRY_PAUSE);
    }

    /** All queries on one backend, one after the other, under one deadline. The node is not trusted to answer, or to answer what was asked. */
    private final class Reading implements BackendConnection.QueryListener {
        private final BackendConnection backend;
        private final Cancellable deadline;
        private final List<List<List<@Nullable String>>> answers = new ArrayList<>();
        private final List<String> queries = new ArrayList<>(QUERIES);
        private final Wanted more = wanted.get();

        Reading(BackendConnection backend) {
            this.backend = backend;
            if (!more.placedSchemas.isEmpty()) {
                queries.add(CatalogQueries.spreadNames(more.placedSchemas));
            }
            if (more.definitions) {
                queries.add(CatalogQueries.definitions(more.placedSchemas));
            }
            this.deadline = clock.schedule(ANSWER_LIMIT.toNanos(), () -> fail(SqlState.QUERY_CANCELED.code()));
        }

        void ask() {
            backend.query(queries.get(answers.size()), CatalogQueries.ROWS_MAX, ANSWER_LIMIT, this);
        }

        @Override
        public void onRows(List<List<@Nullable String>> rows) {
            answers.add(rows);
            if (answers.size() < queries.size()) {
                ask();
                return;
            }
            CatalogSnapshot snapshot;
            try {
                CatalogSnapshot read =
                        CatalogSnapshot.of(answers.get(0), answers.get(1), answers.get(2), answers.get(3));
                if (!more.placedSchemas.isEmpty()) {
                    read = read.withSpreadNames(answers.get(QUERIES.size()));
                }
                // The last one, if it was asked for.
                snapshot = more.definitions ? read.withDefinitions(answers.get(queries.size() - 1)) : read;
            } catch (IllegalArgumentException notTheCatalogue) {
                fail(SqlState.PROTOCOL_VIOLATION.code());
                return;
            }
            end("catalogue read");
            loaded(snapshot);
        }

        @Override
        public void onError(ErrorResponse error) {
            fail(error.sqlState());
        }

        private void fail(String sqlState) {
            end("catalogue not read");
            failed(backend.target(), sqlState);
        }

        /** From here on nobody is called. */
        void end(String reason) {
            reading = null;
            deadline.cancel();
            backend.close(reason);
        }
    }
}
