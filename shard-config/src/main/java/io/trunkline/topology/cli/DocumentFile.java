// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import io.trunkline.topology.InvalidTopologyException;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.TopologyJson.UnknownFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Topology documents in files, as strict as publishing is. */
final class DocumentFile {
    private DocumentFile() {}

    /**
     * Returns the topology of the file.
     *
     * @throws InvalidTopologyException with all that is wrong
     * @throws CommandFailure if there is no such file, or none that can be read
     */
    static Topology read(Path file) {
        byte[] document;
        try {
            document = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(Outcome.NOT_FOUND, file + " does not exist");
        } catch (IOException e) {
            throw new CommandFailure(Outcome.NOT_FOUND, file + " cannot be read: " + e);
        }
        return TopologyJson.read(document, UnknownFields.REJECT);
    }
}
