// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import io.trunkline.topology.TopologyJson.UnknownFields;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file a router keeps the last good topology in, so that it can start while ZooKeeper is away.
 *
 * <p>The file is replaced as a whole: it holds the old document or the new one, whatever happens in between. A snapshot that
 * cannot be written or read is logged and otherwise does without, for it is only needed on a bad day.
 */
public final class TopologySnapshot {
    private static final Logger LOG = LoggerFactory.getLogger(TopologySnapshot.class);

    private final Path file;

    /** Creates the snapshot at a path whose directory exists; the file itself need not. */
    public TopologySnapshot(Path file) {
        this.file = file.toAbsolutePath();
    }

    /** Returns the topology of the file; empty when there is none or it is of no use. */
    public Optional<Topology> read() {
        try {
            return Optional.of(TopologyJson.read(Files.readAllBytes(file), UnknownFields.IGNORE));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | InvalidTopologyException e) {
            LOG.warn("the topology snapshot {} cannot be used: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    /** Replaces the file. */
    public void write(Topology topology) {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        try {
            try (FileChannel channel = FileChannel.open(
                    unfinished,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                ByteBuffer document = ByteBuffer.wrap(TopologyJson.write(topology));
                while (document.hasRemaining()) {
                    channel.write(document);
                }
                // Without this a crash of the machine could leave a renamed but empty file.
                channel.force(true);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOG.warn("the topology snapshot {} cannot be written: {}", file, e.toString());
        }
    }
}
