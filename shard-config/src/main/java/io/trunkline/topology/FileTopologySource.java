// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import io.trunkline.topology.TopologyJson.UnknownFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A topology in a file: for development, tests, and sites whose deployment tool distributes files.
 *
 * <p>The file is read again at an interval and compared byte by byte. A watch on the directory would be cheaper and miss
 * changes: bind mounts and Kubernetes volumes replace a directory further up.
 */
public final class FileTopologySource implements TopologySource {
    /** How often the file is read unless said otherwise. */
    public static final Duration INTERVAL_DEFAULT = Duration.ofSeconds(1);

    private final Path file;
    private final LatestTopology latest = new LatestTopology();
    private final ScheduledExecutorService reader = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "topology");
        thread.setDaemon(true);
        return thread;
    });
    /** What was read last, good or not; confined to the reader after the start. */
    private byte[] seen = {};

    private FileTopologySource(Path file) {
        this.file = file;
    }

    /**
     * Reads the file once, then goes on in the background.
     *
     * <p>A file that is missing or broken is no failure but {@link #trouble()}, and is read again like any other.
     */
    public static FileTopologySource start(Path file, Duration interval) {
        FileTopologySource source = new FileTopologySource(file);
        source.readAgain();
        source.reader.scheduleWithFixedDelay(
                source::readAgain, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
        return source;
    }

    @Override
    public Optional<Topology> current() {
        return latest.current();
    }

    @Override
    public Subscription subscribe(Consumer<? super Topology> listener) {
        return latest.subscribe(listener);
    }

    @Override
    public Optional<String> trouble() {
        return latest.trouble();
    }

    @Override
    public void onRefused(Consumer<String> listener) {
        latest.onRefused(listener);
    }

    @Override
    public void close() {
        reader.shutdownNow();
        latest.close();
    }

    private void readAgain() {
        try {
            takeDocument();
        } catch (RuntimeException e) {
            // Let through, it would end the rereading for good.
            latest.refuse(file + " cannot be read: " + e);
        }
    }

    private void takeDocument() {
        byte[] document;
        try {
            long bytes = Files.size(file);
            if (bytes > TopologyJson.DOCUMENT_BYTES_MAX) {
                forget(file + " cannot be read: " + bytes + " bytes (expected: at most "
                        + TopologyJson.DOCUMENT_BYTES_MAX + ")");
                return;
            }
            document = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            forget(file + " does not exist");
            return;
        } catch (IOException e) {
            forget(file + " cannot be read: " + e);
            return;
        }
        if (Arrays.equals(document, seen)) {
            return;
        }
        seen = document;
        try {
            latest.offer(TopologyJson.read(document, UnknownFields.REJECT));
        } catch (InvalidTopologyException e) {
            latest.refuse(file + ": " + e.getMessage());
        }
    }

    /** Takes note that there is no file, and looks at whatever comes next even if it is the same as before. */
    private void forget(String reason) {
        seen = new byte[0];
        latest.refuse(reason);
    }
}
