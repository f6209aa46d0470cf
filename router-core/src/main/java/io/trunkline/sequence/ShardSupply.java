// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import io.trunkline.topology.SharedSequence;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One shard as its supply sees it: the way to its primary, what it said last, and what it needs. Confined to one event loop. */
final class ShardSupply {
    private final SupplyContext context;
    private final String database;
    private final String shard;
    private final Map<String, SequenceDemand> demands = new HashMap<>();
    private Map<String, SequenceState> states = Map.of();
    /** Sequences of which blocks are on their way. */
    private final Set<String> awaited = new HashSet<>();

    private @Nullable PrimaryLink link;
    /** A look has no answer yet. */
    private boolean looking;

    ShardSupply(SupplyContext context, String database, String shard) {
        this.context = context;
        this.database = database;
        this.shard = shard;
    }

    String shard() {
        return shard;
    }

    /** Hears of a look or a block: called once, unless the shard is closed. */
    interface Looked {
        /**
         * The shard has answered, or has not.
         *
         * @param problem what kept it from that, null when it has
         */
        void on(@Nullable String problem);
    }

    /** Takes the primary that is known now. */
    void primary(ShardPrimary known) {
        PrimaryLink open = link;
        if (open != null && open.target().equals(known.primary())) {
            return;
        }
        looking = false;
        link = known.primary() == null ? null : new PrimaryLink(known.primary(), context.connector());
        if (open != null) {
            open.replaced();
        }
    }

    /** Asks the shard what it has. */
    void look(List<String> names, Looked listener) {
        states = Map.of();
        PrimaryLink asked = link;
        if (asked == null) {
            listener.on("no primary is known");
            return;
        }
        if (looking) {
            listener.on("it has not answered yet");
            return;
        }
        looking = true;
        asked.ask(SequenceState.query(names), new PrimaryLink.Answer() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                looking = false;
                listener.on(saw(rows));
            }

            @Override
            public void onProblem(String problem) {
                looking = false;
                listener.on(problem);
            }
        });
    }

    private @Nullable String saw(List<List<@Nullable String>> rows) {
        Map<String, SequenceState> read;
        try {
            read = SequenceState.read(rows);
        } catch (IllegalArgumentException notTheAnswer) {
            return "answer not understood: " + notTheAnswer.getMessage();
        }
        if (read == null) {
            return "it is in recovery";
        }
        states = read;
        read.forEach((name, state) -> {
            if (state.isInstalled()) {
                demand(name).saw(state, context.clock().nanoTime());
                context.metrics().sequenceValuesLeft(context.cluster(), database, shard, name, state.left());
            }
        });
        return null;
    }

    /** Returns what the shard said of a sequence at the last look, null when it did not answer. */
    @Nullable
    SequenceState state(String name) {
        return states.get(name);
    }

    /** Returns how many blocks the shard should get; 0 as well when it did not answer, or cannot count. */
    int blocks(SharedSequence sequence) {
        SequenceState state = states.get(sequence.name());
        boolean canTake = state != null && state.isInstalled() && !awaited.contains(sequence.name());
        return canTake ? demand(sequence.name()).blocks(sequence.blockSize()) : 0;
    }

    /** Blocks of a sequence are being allocated: no others are wanted until {@link #settled}. */
    void awaits(String name) {
        awaited.add(name);
    }

    /** The blocks that were awaited are there, or will not come. */
    void settled(String name) {
        awaited.remove(name);
    }

    /** Returns true when there is somebody to ask. */
    boolean hasPrimary() {
        return link != null;
    }

    /** Returns true when a sequence may run out before the next look. */
    boolean isUrgent() {
        return states.entrySet().stream()
                .anyMatch(entry ->
                        entry.getValue().isInstalled() && demand(entry.getKey()).isUrgent());
    }

    private SequenceDemand demand(String name) {
        return demands.computeIfAbsent(name, none -> new SequenceDemand(context.interval()));
    }

    /** Gives the shard a block. */
    void add(String name, long start, long size, Looked listener) {
        PrimaryLink asked = link;
        if (asked == null) {
            listener.on("no primary is known");
            return;
        }
        asked.ask(SequenceState.add(name, start, size), new PrimaryLink.Answer() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                boolean added = rows.equals(List.of(List.of("t")));
                if (added) {
                    demand(name).added(size);
                }
                listener.on(added ? null : "the shard has greater numbers already");
            }

            @Override
            public void onProblem(String problem) {
                listener.on(problem);
            }
        });
    }

    /** Takes the measurement of a sequence back. */
    void forget(String name) {
        demands.remove(name);
        context.metrics().sequenceForgotten(context.cluster(), database, shard, name);
    }

    void close() {
        List.copyOf(demands.keySet()).forEach(this::forget);
        if (link != null) {
            link.close();
            link = null;
        }
    }
}
