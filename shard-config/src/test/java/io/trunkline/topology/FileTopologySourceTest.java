// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTopologySourceTest {
    private static final Duration INTERVAL = Duration.ofMillis(10);

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("topology.json");
    }

    @Test
    void hasTheTopologyAtOnceAndSeesChanges() throws IOException {
        Files.write(file, TopologyJson.write(Topologies.plain(1)));
        try (FileTopologySource source = FileTopologySource.start(file, INTERVAL)) {
            List<Topology> seen = new CopyOnWriteArrayList<>();
            source.subscribe(seen::add);

            Files.write(file, TopologyJson.write(Topologies.plain(2)));

            await().untilAsserted(() -> assertThat(seen).containsExactly(Topologies.plain(1), Topologies.plain(2)));
            assertThat(source.trouble()).isEmpty();
        }
    }

    @Test
    void keepsTheLastGoodTopologyWhileTheFileIsBrokenOrGone() throws IOException {
        Files.write(file, TopologyJson.write(Topologies.plain(1)));
        try (FileTopologySource source = FileTopologySource.start(file, INTERVAL)) {
            Files.writeString(file, "{\"revision\": 2, \"clutsers\": []}");
            await().untilAsserted(() -> assertThat(source.trouble().orElse(""))
                    .contains("clutsers: unknown field (expected: one of clusters, databases, revision)"));
            Files.delete(file);
            await().untilAsserted(() -> assertThat(source.trouble()).hasValue(file + " does not exist"));

            assertThat(source.current()).hasValue(Topologies.plain(1));
            Files.write(file, TopologyJson.write(Topologies.plain(1)));
            await().untilAsserted(() -> assertThat(source.trouble()).isEmpty());
        }
    }

    @Test
    void goesOnReadingAfterAFileInNoEncodingAndOneOfNoSensibleSize() throws IOException {
        try (FileTopologySource source = FileTopologySource.start(file, INTERVAL)) {
            Files.write(file, new byte[] {0, 0, (byte) 0xFF, (byte) 0xFE, '{', 0, 0, 0});
            await().untilAsserted(() -> assertThat(source.trouble().orElse("")).contains("(expected: JSON in UTF-8)"));
            try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
                // More than an array holds, and nothing of it on the disk.
                large.setLength(3L << 30);
            }
            await().untilAsserted(() -> assertThat(source.trouble())
                    .hasValue(file + " cannot be read: 3221225472 bytes (expected: at most 1000000)"));

            Files.write(file, TopologyJson.write(Topologies.plain(1)));

            await().untilAsserted(() -> assertThat(source.current()).hasValue(Topologies.plain(1)));
            assertThat(source.trouble()).isEmpty();
        }
    }

    @Test
    void waitsForAFileThatDoesNotExistYet() throws IOException {
        try (FileTopologySource source = FileTopologySource.start(file, INTERVAL)) {
            assertThat(source.current()).isEmpty();
            assertThat(source.trouble()).hasValue(file + " does not exist");

            Files.write(file, TopologyJson.write(Topologies.plain(1)));

            await().untilAsserted(() -> assertThat(source.current()).hasValue(Topologies.plain(1)));
        }
    }
}
