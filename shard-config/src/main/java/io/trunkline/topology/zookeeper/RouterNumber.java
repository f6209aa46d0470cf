// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The small number one router has among those of its base path, and the addresses of all by their numbers.
 *
 * <p>A number is taken by creating its znode, so no two routers have the same. It is kept over a loss of the connection, and over the end of the
 * session too, unless another router has taken it meanwhile: then the next free one is taken. Nothing here waits or fails when ZooKeeper is away;
 * what was known last stays.
 */
public final class RouterNumber implements AutoCloseable {

    /** Hears of numbers; called on the thread {@code topology}. */
    public interface Listener {
        /** This router has a number, its first or another one. */
        void onNumber(int number);

        /** The routers that have a number now, this one among them; addresses are {@code host:port}. */
        void onAddresses(Map<Integer, String> byNumber);
    }

    private static final Logger LOG = LoggerFactory.getLogger(RouterNumber.class);

    private final ZooKeeperConnection connection;
    private final int numberMax;
    private final Listener listener;
    private final CuratorCache cache;
    private final byte[] data;
    /** Tells this process from another one of the same id, such as the one before a restart. */
    private final String process = UUID.randomUUID().toString();

    // Confined to the thread of the connection.
    private @Nullable EphemeralZnode znode;
    private int tried;
    private int told;
    private boolean closed;

    private RouterNumber(
            ZooKeeperConnection connection, String id, String address, int first, int numberMax, Listener listener) {
        this.connection = connection;
        this.numberMax = numberMax;
        this.listener = listener;
        this.data = RouterJson.writeNumber(id, address, process);
        this.cache = CuratorCache.build(connection.client(), connection.path().numbers());
        cache.listenable()
                .addListener(
                        CuratorCacheListener.builder()
                                .forAll((type, before, after) -> onChange())
                                .build(),
                        connection.thread());
        connection.thread().execute(() -> znode = claim(first));
    }

    /**
     * Takes a number from 1 to {@code numberMax}, now or when there is a connection; the connection stays the caller's.
     *
     * @param id as in {@link RouterInfo}
     * @param address where the other routers reach this one, {@code host:port}
     */
    public static RouterNumber start(
            ZooKeeperConnection connection, String id, String address, int numberMax, Listener listener) {
        // Anywhere, so that a number is not given to another router soon after its owner has gone.
        return start(connection, id, address, new SplittableRandom().nextInt(numberMax) + 1, numberMax, listener);
    }

    /** As the other, with the number that is tried first. */
    static RouterNumber start(
            ZooKeeperConnection connection, String id, String address, int first, int numberMax, Listener listener) {
        RouterNumber number = new RouterNumber(connection, id, address, first, numberMax, listener);
        number.cache.start();
        return number;
    }

    private EphemeralZnode claim(int number) {
        return EphemeralZnode.start(connection, connection.path().number(number), data, new EphemeralZnode.Listener() {
            @Override
            public void onPresent() {
                tried = 0;
                if (told != number && !closed) {
                    told = number;
                    LOG.info("this router has number {}", number);
                    listener.onNumber(number);
                }
            }

            @Override
            public boolean awaitsEnd(byte[] found) {
                if (RouterJson.readProcess(found).equals(process)) {
                    return true; // one's own, of a session that is about to end
                }
                next(number);
                return false;
            }
        });
    }

    private void next(int number) {
        tried++;
        if (tried >= numberMax) {
            LOG.error("all {} numbers of routers are taken; cancel requests find this router only directly", numberMax);
        } else if (!closed) {
            znode = claim(number % numberMax + 1);
        }
    }

    private void onChange() {
        Map<Integer, String> addresses = new TreeMap<>();
        cache.stream().forEach(child -> read(child, addresses));
        if (!closed) {
            listener.onAddresses(addresses);
        }
    }

    private void read(ChildData child, Map<Integer, String> addresses) {
        String name = child.getPath().substring(child.getPath().lastIndexOf('/') + 1);
        String address = child.getData() == null ? "" : RouterJson.readAddress(child.getData());
        if (name.matches("[1-9][0-9]{0,8}") && !address.isEmpty()) {
            addresses.put(Integer.valueOf(name), address);
        }
    }

    /** Gives the number back. */
    @Override
    public void close() {
        cache.close();
        connection.thread().execute(() -> {
            closed = true;
            if (znode != null) {
                znode.close();
            }
        });
    }
}
