// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.topology.SharedSequence;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Supplies the shards of one cluster with numbers of its sequences, in one database, look after look.
 *
 * <p>At a look each primary says what it has left. Which shard has less than {@link SequenceDemand} asks for gets a block: the counter in ZooKeeper
 * gives the numbers, to one router once, and the shard stores them behind those it has. Every router does so, and none has to know of another: at
 * the worst a shard gets two blocks where one would do. Whatever fails is left for the next look; a block whose storing failed is nobody's.
 *
 * <p>Shards give numbers without a router. What they have at hand lasts while ZooKeeper is away. Confined to one event loop.
 */
public final class BlockSupply {
    /** How much sooner the next look comes when half of what a shard had was used since the last one. */
    static final int URGENT_PARTS = 10;

    /** How long a problem that stays is not told again. */
    static final Duration TOLD_AGAIN = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(BlockSupply.class);

    private final SupplyContext context;
    private final String database;
    private final Supplier<List<ShardPrimary>> primaries;
    private final Supplier<List<SharedSequence>> sequences;
    private final Map<String, ShardSupply> shards = new LinkedHashMap<>();
    /** When what was told last, by shard and sequence; as many as there are of both. */
    private final Map<List<String>, Told> told = new HashMap<>();

    private Set<String> names = Set.of();
    private @Nullable Cancellable timer;
    private @Nullable SupplyRound round;
    private boolean closed;

    private record Told(String problem, long nanos) {}

    /**
     * Creates a supply; call {@link #start} on the event loop next.
     *
     * @param database as the nodes call it
     * @param primaries all shards of the cluster as they are now
     * @param sequences those of the topology in force
     */
    public BlockSupply(
            SupplyContext context,
            String database,
            Supplier<List<ShardPrimary>> primaries,
            Supplier<List<SharedSequence>> sequences) {
        this.context = context;
        this.database = database;
        this.primaries = primaries;
        this.sequences = sequences;
    }

    /** Begins with the first look at once. */
    public void start() {
        assert context.clock().inEventLoop();
        look();
    }

    /** Stops; what has been sent is carried out by the servers. */
    public void close() {
        closed = true;
        if (timer != null) {
            timer.cancel();
        }
        if (round != null) {
            round.close();
        }
        shards.values().forEach(ShardSupply::close);
        shards.clear();
    }

    private void look() {
        if (closed) {
            return;
        }
        List<SharedSequence> wanted = sequences.get();
        keep(wanted, wanted.isEmpty() ? List.of() : primaries.get());
        if (shards.isEmpty()) {
            schedule(context.interval());
            return;
        }
        SupplyRound begun =
                new SupplyRound(context, database, wanted, List.copyOf(shards.values()), new SupplyRound.Listener() {
                    @Override
                    public void onProblem(String shard, @Nullable String sequence, String problem) {
                        tell(shard, sequence, problem);
                    }

                    @Override
                    public void onEnd() {
                        end();
                    }
                });
        round = begun;
        begun.begin();
    }

    private void end() {
        round = null;
        boolean urgent = shards.values().stream().anyMatch(ShardSupply::isUrgent);
        schedule(urgent ? context.interval().dividedBy(URGENT_PARTS) : context.interval());
    }

    private void schedule(Duration pause) {
        if (!closed) {
            timer = context.clock().schedule(pause.toNanos(), this::look);
        }
    }

    /** Follows the topology and the primaries. */
    private void keep(List<SharedSequence> wanted, List<ShardPrimary> known) {
        Set<String> wantedNames = new HashSet<>();
        wanted.forEach(sequence -> wantedNames.add(sequence.name()));
        for (String name : names) {
            if (!wantedNames.contains(name)) {
                shards.values().forEach(shard -> shard.forget(name));
            }
        }
        names = wantedNames;
        Set<String> knownNames = new HashSet<>();
        known.forEach(shard -> knownNames.add(shard.shard()));
        shards.entrySet().removeIf(entry -> {
            boolean gone = !knownNames.contains(entry.getKey());
            if (gone) {
                entry.getValue().close();
            }
            return gone;
        });
        for (ShardPrimary shard : known) {
            shards.computeIfAbsent(shard.shard(), name -> new ShardSupply(context, database, name))
                    .primary(shard);
        }
        told.keySet().removeIf(key -> !knownNames.contains(key.get(0)));
    }

    private void tell(String shard, @Nullable String sequence, String problem) {
        List<String> key = List.of(shard, sequence == null ? "" : sequence);
        long now = context.clock().nanoTime();
        Told last = told.get(key);
        if (last != null && last.problem.equals(problem) && now - last.nanos < TOLD_AGAIN.toNanos()) {
            return;
        }
        told.put(key, new Told(problem, now));
        LOG.atWarn()
                .addKeyValue("cluster", context.cluster())
                .addKeyValue("database", database)
                .addKeyValue("shard", shard)
                .addKeyValue("sequence", sequence)
                .addKeyValue("problem", problem)
                .log("a shard could not be supplied with numbers of sequences");
    }
}
