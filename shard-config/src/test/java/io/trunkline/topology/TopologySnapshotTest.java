// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopologySnapshotTest {
    @TempDir
    private Path directory;

    @Test
    void readsWhatItWroteAndLeavesNothingElseBehind() throws IOException {
        Path file = directory.resolve("topology.json");
        TopologySnapshot snapshot = new TopologySnapshot(file);

        snapshot.write(Topologies.sharded(1));
        snapshot.write(Topologies.plain(2));

        assertThat(snapshot.read()).hasValue(Topologies.plain(2));
        assertThat(Files.list(directory)).containsExactly(file);
    }

    @Test
    void isEmptyWhenTheFileIsMissingOrBroken() throws IOException {
        Path broken = Files.writeString(directory.resolve("broken.json"), "{\"revision\": 1");

        assertThat(new TopologySnapshot(directory.resolve("none.json")).read()).isEmpty();
        assertThat(new TopologySnapshot(broken).read()).isEmpty();
    }

    @Test
    void readsOverAWriteThatWasCutShort() throws IOException {
        TopologySnapshot snapshot = new TopologySnapshot(directory.resolve("topology.json"));
        snapshot.write(Topologies.plain(1));
        Files.writeString(directory.resolve("topology.json.new"), "{\"rev");

        assertThat(snapshot.read()).hasValue(Topologies.plain(1));
        snapshot.write(Topologies.plain(2));
        assertThat(snapshot.read()).hasValue(Topologies.plain(2));
    }

    @Test
    void doesWithoutWhenItCannotWrite() {
        TopologySnapshot snapshot = new TopologySnapshot(directory.resolve("missing/topology.json"));

        assertThatCode(() -> snapshot.write(Topologies.plain(1))).doesNotThrowAnyException();
    }
}
