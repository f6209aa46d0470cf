// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.backend.EventLoopClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The places for backends of this process: so many to one node for one database and user, so many to one node in all.
 *
 * <p>Every event loop has pools of its own, so a limit of 8 must hold for the sum over the loops without any loop starving. A pool takes a
 * place before it opens a backend and gives it back when the backend is closed. When no place is free it {@linkplain Share#want wants} one.
 * Places change hands in two ways, always to the neediest (the share that wants and holds fewest, then the one that wanted first):
 *
 * <ul>
 *   <li>a place given back is granted on the spot, before anyone can take it;
 *   <li>a share that sees {@link Share#isContended} offers to {@linkplain Share#passOn pass on} the place of a backend it could close. The
 *       offer is taken when the backend has been idle for long, or when that evens out the shares: a share with none comes first, and nobody
 *       gives so much that it becomes the poorer one. Two equally busy loops therefore settle at half each and stay there.
 * </ul>
 *
 * <p>Called when backends open and close, not per statement; only {@link Share#isContended} is read on every release.
 */
@SharedAcrossLoops(
        "all counts are guarded by the one lock; the contended flags are volatile and written under it; loops are only posted to")
public final class ConnectionBudget {
    /** How long a share keeps its last place although another share has none, so that two loops do not reconnect for every lease. */
    static final Duration LAST_PLACE_TENURE = Duration.ofMillis(100);

    /**
     * What a limit of places is for.
     *
     * @param cluster the cluster's name
     * @param node the node's name
     * @param database the database's name on the node
     * @param user the role the router logs in as
     * @param use what the backends are for
     */
    public record Key(String cluster, String node, String database, String user, PoolUse use) {}

    /** The pool behind a share; called on its event loop. */
    public interface Claimant {
        /** The place that was wanted is held now: use it or give it back. */
        void onPlaceGranted();

        /** Another share wants a place: pass on what is not needed. */
        void onPlaceWanted();
    }

    /** Why a backend's place could be passed on. */
    public enum Offer {
        /** Its backend has been idle for long. */
        LONG_IDLE,
        /** Its backend is idle, nobody waits for it here. */
        IDLE,
        /** Somebody waits for it here, too. */
        IN_DEMAND
    }

    private record NodeKey(String cluster, String node) {}

    private final int placesPerNode;
    private final Map<NodeKey, Node> nodes = new HashMap<>();
    private long wishes;

    /**
     * Creates a budget.
     *
     * @param placesPerNode most backends to one node over all databases and users
     */
    public ConnectionBudget(int placesPerNode) {
        if (placesPerNode < 1) {
            throw new IllegalArgumentException("places per node: " + placesPerNode + " (expected: 1 or more)");
        }
        this.placesPerNode = placesPerNode;
    }

    /**
     * Returns a new share in the places of a key for one pool.
     *
     * @param places most backends of this key over all shares; the first to join decides until all have left
     */
    public Share join(Key key, int places, EventLoopClock loop, Claimant claimant) {
        synchronized (this) {
            Node node = nodes.computeIfAbsent(new NodeKey(key.cluster, key.node), k -> new Node());
            Account account = node.accounts.computeIfAbsent(key, k -> new Account(node, key, places));
            Share share = new Share(account, loop, claimant);
            account.shares.add(share);
            node.recomputeContention(placesPerNode);
            return share;
        }
    }

    /** Returns how many places of a key are held, over all shares. */
    public synchronized int held(Key key) {
        Node node = nodes.get(new NodeKey(key.cluster, key.node));
        Account account = node == null ? null : node.accounts.get(key);
        return account == null ? 0 : account.held;
    }

    /** Returns how many places of a node are held, over all keys. */
    public synchronized int heldOfNode(String cluster, String node) {
        Node found = nodes.get(new NodeKey(cluster, node));
        return found == null ? 0 : found.held;
    }

    /** One node and the keys that have shares in it; guarded by the budget. */
    private static final class Node {
        final Map<Key, Account> accounts = new HashMap<>();
        int held;

        /** Tells each share whether a place of its own could help another share that wants one. */
        void recomputeContention(int limit) {
            int wishesOfNode = 0;
            for (Account account : accounts.values()) {
                wishesOfNode += account.wishes();
            }
            for (Account account : accounts.values()) {
                int relevant = held >= limit ? wishesOfNode : account.wishes();
                for (Share share : account.shares) {
                    share.contended = relevant > (share.wantedAs > 0 ? 1 : 0);
                }
            }
        }
    }

    /** One key and its shares; guarded by the budget. */
    private static final class Account {
        final Node node;
        final Key key;
        final int places;
        final List<Share> shares = new ArrayList<>();
        int held;

        Account(Node node, Key key, int places) {
            this.node = node;
            this.key = key;
            this.places = places;
        }

        int wishes() {
            int wishes = 0;
            for (Share share : shares) {
                wishes += share.wantedAs > 0 ? 1 : 0;
            }
            return wishes;
        }
    }

    /** What one pool holds of the places of a key. Used on the pool's event loop only. */
    public final class Share {
        private final Account account;
        private final EventLoopClock loop;
        private final Claimant claimant;
        private int held;
        /** The number of the wish, 0 while nothing is wanted. Set by the pool's loop only; cleared by whoever grants, and then the pool hears. */
        private volatile long wantedAs;

        private long lastTakenNanos;
        private boolean left;
        private volatile boolean contended;

        private Share(Account account, EventLoopClock loop, Claimant claimant) {
            this.account = account;
            this.loop = loop;
            this.claimant = claimant;
        }

        /** Takes a place, or returns false when none is free. */
        public boolean tryTake() {
            if (wantedAs > 0) {
                // there was none, or it would have been granted
                return false;
            }
            synchronized (ConnectionBudget.this) {
                if (left || !ConnectionBudget.this.hasRoom(account)) {
                    return false;
                }
                take(this);
                return true;
            }
        }

        /** Takes a place when all shares of the key together hold fewer than {@code floor}, or returns false. */
        public boolean tryTakeBelow(int floor) {
            if (floor == 0) {
                return false;
            }
            synchronized (ConnectionBudget.this) {
                return account.held < floor && tryTake();
            }
        }

        /** Asks for the next place that can be had; {@link Claimant#onPlaceGranted} follows, unless {@link #unwant} comes first. */
        public void want() {
            if (wantedAs > 0) {
                return;
            }
            List<Share> others = List.of();
            synchronized (ConnectionBudget.this) {
                if (!left && wantedAs == 0) {
                    wantedAs = ++wishes;
                    others = holdersBefore(this);
                    account.node.recomputeContention(placesPerNode);
                    grantFreePlaces(account.node);
                }
            }
            for (Share other : others) {
                other.loop.execute(other.claimant::onPlaceWanted);
            }
        }

        /** Returns true when {@link #tryTake} would take a place, as long as nobody else does. */
        public boolean hasRoom() {
            if (wantedAs > 0) {
                return false;
            }
            synchronized (ConnectionBudget.this) {
                return !left && ConnectionBudget.this.hasRoom(account);
            }
        }

        /** Takes a wish back. */
        public void unwant() {
            if (wantedAs == 0) {
                return;
            }
            synchronized (ConnectionBudget.this) {
                wantedAs = 0;
                account.node.recomputeContention(placesPerNode);
            }
        }

        /** Returns true while another pool waits for a place that closing a backend here could free; cheap. */
        public boolean isContended() {
            return contended;
        }

        /** Gives a place to whom needs it more and returns true: the backend in it must be closed; or returns false: keep it. */
        public boolean passOn(Offer offer) {
            synchronized (ConnectionBudget.this) {
                Share neediest = neediest(account.node, this);
                if (neediest == null || !mayPassOn(offer, neediest)) {
                    return false;
                }
                put(this);
                grant(neediest);
                return true;
            }
        }

        private boolean mayPassOn(Offer offer, Share neediest) {
            boolean evensOut = held > neediest.held + 1;
            return switch (offer) {
                case LONG_IDLE -> true;
                case IDLE -> neediest.held == 0 || evensOut;
                case IN_DEMAND ->
                    evensOut || neediest.held == 0 && loop.nanoTime() - lastTakenNanos >= LAST_PLACE_TENURE.toNanos();
            };
        }

        /** Gives a place back. */
        public void giveBack() {
            synchronized (ConnectionBudget.this) {
                put(this);
                grantFreePlaces(account.node);
            }
        }

        /** Gives a place back and returns true when all shares of the key together hold more than {@code floor}. */
        public boolean giveBackAbove(int floor) {
            synchronized (ConnectionBudget.this) {
                if (account.held <= floor) {
                    return false;
                }
                giveBack();
                return true;
            }
        }

        /** Ends the share: its wish and a place granted but not used go back. All backends must be closed. */
        public void leave() {
            synchronized (ConnectionBudget.this) {
                if (left) {
                    return;
                }
                left = true;
                wantedAs = 0;
                while (held > 0) {
                    put(this);
                }
                Node node = account.node;
                account.shares.remove(this);
                if (account.shares.isEmpty()) {
                    node.accounts.remove(account.key);
                }
                if (node.accounts.isEmpty()) {
                    nodes.remove(new NodeKey(account.key.cluster, account.key.node));
                }
                grantFreePlaces(node);
            }
        }

        /** Returns how many places this share holds. */
        public int held() {
            synchronized (ConnectionBudget.this) {
                return held;
            }
        }
    }

    // all below with the lock held

    private boolean hasRoom(Account account) {
        return account.held < account.places && account.node.held < placesPerNode;
    }

    private static void take(Share share) {
        share.held++;
        share.account.held++;
        share.account.node.held++;
        share.lastTakenNanos = share.loop.nanoTime();
    }

    private static void put(Share share) {
        if (share.held == 0) {
            throw new IllegalStateException("a place was given back twice: " + share.account.key);
        }
        share.held--;
        share.account.held--;
        share.account.node.held--;
    }

    private void grantFreePlaces(Node node) {
        for (Share next = neediest(node, null); next != null; next = neediest(node, null)) {
            grant(next);
        }
        node.recomputeContention(placesPerNode);
    }

    private void grant(Share share) {
        share.wantedAs = 0;
        take(share);
        share.account.node.recomputeContention(placesPerNode);
        share.loop.execute(() -> {
            if (!share.left) {
                share.claimant.onPlaceGranted();
            }
        });
    }

    /** Returns the share that should have the next place: a free one, or the one that {@code giver} could free; or null. */
    private @Nullable Share neediest(Node node, @Nullable Share giver) {
        Share neediest = null;
        for (Account account : node.accounts.values()) {
            boolean accountRoom = account.held < account.places || giver != null && giver.account == account;
            boolean nodeRoom = node.held < placesPerNode || giver != null;
            if (!accountRoom || !nodeRoom) {
                continue;
            }
            for (Share share : account.shares) {
                if (share.wantedAs > 0
                        && share != giver
                        && (neediest == null
                                || share.held < neediest.held
                                || share.held == neediest.held && share.wantedAs < neediest.wantedAs)) {
                    neediest = share;
                }
            }
        }
        return neediest;
    }

    private static List<Share> holdersBefore(Share asking) {
        List<Share> holders = new ArrayList<>();
        for (Account account : asking.account.node.accounts.values()) {
            for (Share share : account.shares) {
                if (share != asking && share.held > 0) {
                    holders.add(share);
                }
            }
        }
        return holders;
    }
}
