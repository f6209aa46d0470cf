// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.block.NumberBlocks.Listener;
import io.trunkline.block.SequenceId;
import io.trunkline.block.WantedBlock;
import java.nio.charset.StandardCharsets;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.zookeeper.KeeperException.Code;

/**
 * One router's wish for numbers of a sequence: reads the counter and sets it beyond the numbers it takes, or creates it.
 *
 * <pre>
 *   READ ── value, version ─▶ SET ── done ──────▶ from the value on, or from where the shards' numbers end
 *    ▲ │                      │ └── other version ─┐
 *    │ └── no znode ─▶ CREATE ┼─── done ──────▶ as above
 *    │                   └────┴── exists ─────────┤
 *    └────────────────────────────────────────────┘ connection lost: maybe done, those numbers are nobody's
 * </pre>
 */
final class BlockRequest extends ZooKeeperQuestion {
    /** How many others may be faster before this is given up. */
    static final int ATTEMPTS_MAX = 200;

    /**
     * How far beyond the shards' numbers a counter begins that was lost or is behind them: routers may have been about to store blocks that they got
     * from the old one. Each has at most the blocks of one look at hand for each shard.
     */
    static final int LOST_BLOCKS_MAX = 10_000;

    private final ZooKeeperBlocks blocks;
    private final SequenceId sequence;
    private final WantedBlock wanted;
    private final Listener listener;
    private int attempts;
    private long session;

    BlockRequest(
            ZooKeeperBlocks blocks,
            ZooKeeperQuestions questions,
            SequenceId sequence,
            WantedBlock wanted,
            Listener listener) {
        super(questions);
        this.blocks = blocks;
        this.sequence = sequence;
        this.wanted = wanted;
        this.listener = listener;
    }

    @Override
    void ask() {
        attempts++;
        if (attempts > ATTEMPTS_MAX) {
            fail("others set the counter " + ATTEMPTS_MAX + " times meanwhile");
            return;
        }
        try {
            session = connection().session();
        } catch (Exception e) {
            fail("ZooKeeper has no session: " + e);
            return;
        }
        send(callback -> connection().client().getData().inBackground(callback).forPath(path()), this::onRead);
    }

    private void onRead(CuratorEvent event, Code code) {
        switch (code) {
            case OK -> onValue(event.getData(), event.getStat().getVersion());
            case NONODE -> create();
            default -> onFailure(code);
        }
    }

    private void onValue(byte[] data, int version) {
        long value;
        try {
            value = Long.parseLong(new String(data, StandardCharsets.US_ASCII));
        } catch (NumberFormatException notOurs) {
            fail("znode " + path() + " holds no number");
            return;
        }
        if (wanted.beyond().isEmpty() && !blocks.wasCompared(sequence, session)) {
            fail("the counter may have been lost or put back, and not all shards could be asked what they hold");
            return;
        }
        long held = wanted.beyond().orElse(WantedBlock.NOTHING_HELD);
        take(
                Math.max(wanted.first(), value < held ? beyondLost(held) : value),
                next -> callback -> connection()
                        .client()
                        .setData()
                        .withVersion(version)
                        .inBackground(callback)
                        .forPath(path(), next));
    }

    private void create() {
        if (wanted.beyond().isEmpty()) {
            fail("there is no counter, and not all shards could be asked what they hold");
            return;
        }
        long held = wanted.beyond().getAsLong();
        take(
                held == WantedBlock.NOTHING_HELD ? wanted.first() : Math.max(wanted.first(), beyondLost(held)),
                next -> callback -> connection()
                        .client()
                        .create()
                        .creatingParentsIfNeeded()
                        .inBackground(callback)
                        .forPath(path(), next));
    }

    private void take(long start, Write write) {
        long next = start + wanted.size();
        if (next < 0) {
            fail("the sequence has no more numbers: the next one would be " + start);
            return;
        }
        send(write.of(Long.toString(next).getBytes(StandardCharsets.US_ASCII)), (event, code) -> {
            switch (code) {
                case OK -> onTaken(start);
                case BADVERSION, NODEEXISTS, NONODE -> ask();
                default -> onFailure(code);
            }
        });
    }

    private void onTaken(long start) {
        long now;
        try {
            now = connection().session();
        } catch (Exception e) {
            fail("ZooKeeper has no session any more: " + e);
            return;
        }
        if (now != session) {
            // What was read may be of other data than what was written.
            ask();
            return;
        }
        if (wanted.beyond().isPresent()) {
            blocks.compared(sequence, session);
        }
        end(() -> listener.onAllocated(start));
    }

    private long beyondLost(long held) {
        // Overflow is seen when the block is taken.
        return held > Long.MAX_VALUE - LOST_BLOCKS_MAX * wanted.blockSize()
                ? Long.MAX_VALUE
                : held + LOST_BLOCKS_MAX * wanted.blockSize();
    }

    private String path() {
        return connection().path().sequence(sequence);
    }

    @Override
    void tellFailed(String problem) {
        listener.onFailed(problem);
    }

    /** The request that writes the next free number. */
    private interface Write {
        Request of(byte[] next);
    }
}
