// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.topology.InvalidTopologyException;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.TopologyJson.UnknownFields;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.BadVersionException;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;
import org.apache.zookeeper.data.Stat;

/**
 * Whoever changes the topology: publishes documents, keeps their history, brings old ones back.
 *
 * <p>A publication replaces the document that was read a moment before or fails: ZooKeeper compares the version of the znode.
 * The history is written in two steps around that, not in one ZooKeeper transaction, because a transaction would carry the
 * document twice and so halve its largest size:
 *
 * <ol>
 *   <li>enter the document in force into the history, unless it is there
 *   <li>compare and set the document
 *   <li>enter the new document into the history
 * </ol>
 *
 * <p>A publisher that dies before the last step leaves a history whose last entry is made by the next one. All methods wait
 * for ZooKeeper and throw {@link IOException} when it does not answer; not for event loops.
 */
public final class ZooKeeperTopologyPublisher {
    /** Entries of the history that are kept; the oldest go first. */
    public static final int HISTORY_REVISIONS_MAX = 100;

    private final ZooKeeperConnection connection;
    private final CuratorFramework client;
    private final ClusterPath path;

    /** Creates a publisher; the connection stays the caller's. */
    public ZooKeeperTopologyPublisher(ZooKeeperConnection connection) {
        this.connection = connection;
        this.client = connection.client();
        this.path = connection.path();
    }

    /**
     * Publishes a topology under its own revision.
     *
     * @param expected the revision it shall replace, 0 for the very first; empty for whichever is published now
     * @throws RevisionConflictException if another revision is published, or one that is not older, or if another publisher
     *     was faster
     */
    public void publish(Topology topology, OptionalLong expected) throws IOException {
        byte[] document = TopologyJson.write(topology);
        answered(() -> publish(topology.revision(), document, inForce(), expected));
    }

    /**
     * Publishes an old document again, under the next revision, and returns that revision.
     *
     * @param revision the revision to bring back
     * @param expected as for {@link #publish}
     * @throws UnknownRevisionException if the history does not have it
     * @throws RevisionConflictException as {@link #publish}
     */
    public long rollback(long revision, OptionalLong expected) throws IOException {
        Topology old = document(revision);
        return answered(() -> {
            InForce inForce = inForce();
            Topology again = old.withRevision(inForce.revision + 1);
            return publish(again.revision(), TopologyJson.write(again), inForce, expected);
        });
    }

    /**
     * Returns the published topology; empty when there is none.
     *
     * @throws InvalidTopologyException if what is published is broken
     */
    public Optional<Topology> published() throws IOException {
        return answered(() -> {
            try {
                return Optional.of(TopologyJson.read(client.getData().forPath(path.topology()), UnknownFields.IGNORE));
            } catch (NoNodeException e) {
                return Optional.empty();
            }
        });
    }

    /** Returns what was published, oldest first. */
    public List<PublishedRevision> history() throws IOException {
        return answered(() -> {
            List<PublishedRevision> entries = new ArrayList<>();
            for (long revision : historyRevisions()) {
                Stat stat = client.checkExists().forPath(path.history(revision));
                if (stat != null) {
                    entries.add(new PublishedRevision(
                            revision, Instant.ofEpochMilli(stat.getCtime()), stat.getDataLength()));
                }
            }
            return entries;
        });
    }

    /**
     * Returns the topology that was published under a revision.
     *
     * @throws UnknownRevisionException if the history does not have it
     */
    public Topology document(long revision) throws IOException {
        return answered(() -> {
            try {
                return TopologyJson.read(client.getData().forPath(path.history(revision)), UnknownFields.IGNORE);
            } catch (NoNodeException e) {
                throw new UnknownRevisionException("revision " + revision + " is not in the history (expected: one of "
                        + historyRevisions() + ")");
            }
        });
    }

    /** Returns the routers that live, by id. */
    public List<RouterStatus> routers() throws IOException {
        return answered(() -> {
            List<RouterStatus> routers = new ArrayList<>();
            for (String id : children(path.routers())) {
                Optional<byte[]> presence = data(path.router(id));
                if (presence.isPresent()) {
                    long applied = data(path.ack(id)).map(RouterJson::readAck).orElse(0L);
                    routers.add(new RouterStatus(RouterJson.read(id, presence.get()), applied));
                }
            }
            routers.sort(Comparator.comparing(status -> status.router().id()));
            return routers;
        });
    }

    /** The document in force, and what is needed to replace precisely it. */
    private static final class InForce {
        private static final int NO_ZNODE = -1;

        private final long revision;
        private final int znodeVersion;
        /** Empty when there is none, or when it is broken: then it does not belong into the history. */
        private final Optional<byte[]> document;

        private InForce(long revision, int znodeVersion, Optional<byte[]> document) {
            this.revision = revision;
            this.znodeVersion = znodeVersion;
            this.document = document;
        }
    }

    private InForce inForce() throws Exception {
        Stat stat = new Stat();
        byte[] document;
        try {
            document = client.getData().storingStatIn(stat).forPath(path.topology());
        } catch (NoNodeException e) {
            return new InForce(newestInHistory(), InForce.NO_ZNODE, Optional.empty());
        }
        try {
            Topology topology = TopologyJson.read(document, UnknownFields.IGNORE);
            return new InForce(topology.revision(), stat.getVersion(), Optional.of(document));
        } catch (InvalidTopologyException e) {
            // Someone wrote it by other means. It can be replaced; routers still use the newest of the history.
            return new InForce(newestInHistory(), stat.getVersion(), Optional.empty());
        }
    }

    private long publish(long revision, byte[] document, InForce inForce, OptionalLong expected) throws Exception {
        if (expected.isPresent() && expected.getAsLong() != inForce.revision) {
            throw new RevisionConflictException(
                    inForce.revision,
                    "revision " + inForce.revision + " is published (expected: " + expected.getAsLong() + ")");
        }
        if (revision <= inForce.revision) {
            throw new RevisionConflictException(
                    inForce.revision,
                    "revision: " + revision + " (expected: more than " + inForce.revision + ", which is published)");
        }
        if (inForce.document.isPresent()) {
            enterIntoHistory(inForce.revision, inForce.document.get());
        }
        replace(inForce, document);
        enterIntoHistory(revision, document);
        forgetOldest();
        return revision;
    }

    private void replace(InForce inForce, byte[] document) throws Exception {
        try {
            if (inForce.znodeVersion == InForce.NO_ZNODE) {
                client.create().creatingParentsIfNeeded().forPath(path.topology(), document);
            } else {
                client.setData().withVersion(inForce.znodeVersion).forPath(path.topology(), document);
            }
        } catch (BadVersionException | NodeExistsException | NoNodeException e) {
            // Curator sends again what a lost connection left unanswered; then our own first attempt is in the way.
            if (!isInForce(inForce.znodeVersion + 1, document)) {
                throw new RevisionConflictException(
                        inForce.revision, "another publication came in between; look at it first");
            }
        }
    }

    private boolean isInForce(int znodeVersion, byte[] document) throws Exception {
        Stat stat = new Stat();
        try {
            byte[] found = client.getData().storingStatIn(stat).forPath(path.topology());
            return stat.getVersion() == znodeVersion && Arrays.equals(found, document);
        } catch (NoNodeException e) {
            return false;
        }
    }

    private void enterIntoHistory(long revision, byte[] document) throws Exception {
        try {
            client.create().creatingParentsIfNeeded().forPath(path.history(revision), document);
        } catch (NodeExistsException e) {
            // A publication that failed between its steps may have left another document of the same revision.
            client.setData().forPath(path.history(revision), document);
        }
    }

    private void forgetOldest() throws Exception {
        List<Long> revisions = historyRevisions();
        for (long revision : revisions.subList(0, Math.max(0, revisions.size() - HISTORY_REVISIONS_MAX))) {
            client.delete().quietly().forPath(path.history(revision));
        }
    }

    private long newestInHistory() throws Exception {
        List<Long> revisions = historyRevisions();
        return revisions.isEmpty() ? 0 : revisions.get(revisions.size() - 1);
    }

    private List<Long> historyRevisions() throws Exception {
        return children(path.history()).stream()
                .filter(name -> name.matches("\\d{1,18}"))
                .map(Long::valueOf)
                .sorted()
                .toList();
    }

    private List<String> children(String parent) throws Exception {
        try {
            return client.getChildren().forPath(parent);
        } catch (NoNodeException e) {
            return List.of();
        }
    }

    private Optional<byte[]> data(String znode) throws Exception {
        try {
            return Optional.ofNullable(client.getData().forPath(znode));
        } catch (NoNodeException e) {
            return Optional.empty();
        }
    }

    /** A conversation with ZooKeeper; Curator declares no narrower exception. */
    private interface Conversation<T> {
        T hold() throws Exception;
    }

    private <T> T answered(Conversation<T> conversation) throws IOException {
        connection.awaitConnected();
        try {
            return conversation.hold();
        } catch (RuntimeException | IOException e) {
            throw e;
        } catch (KeeperException e) {
            throw new IOException("ZooKeeper refused: " + e.getMessage(), e);
        } catch (Exception e) {
            throw new IOException("ZooKeeper did not answer: " + e, e);
        }
    }
}
