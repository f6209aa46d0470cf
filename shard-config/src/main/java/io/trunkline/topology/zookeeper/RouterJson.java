// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;

/** The contents of the znodes under {@code routers}, {@code acks} and {@code numbers}; what cannot be read counts as empty. */
final class RouterJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private RouterJson() {}

    static byte[] write(RouterInfo router) {
        return bytes(MAPPER.createObjectNode()
                .put("address", router.address())
                .put("version", router.version())
                .put("startedAt", router.startedAt().toString()));
    }

    static byte[] writeAck(long appliedRevision) {
        return bytes(MAPPER.createObjectNode().put("appliedRevision", appliedRevision));
    }

    static RouterInfo read(String id, byte[] data) {
        JsonNode node = tree(data);
        Instant startedAt;
        try {
            startedAt = Instant.parse(node.path("startedAt").asText());
        } catch (DateTimeException e) {
            startedAt = Instant.EPOCH;
        }
        return new RouterInfo(
                id, node.path("address").asText(), node.path("version").asText(), startedAt);
    }

    static long readAck(byte[] data) {
        return tree(data).path("appliedRevision").asLong();
    }

    static byte[] writeNumber(String id, String address, String process) {
        return bytes(MAPPER.createObjectNode()
                .put("router", id)
                .put("address", address)
                .put("process", process));
    }

    static String readAddress(byte[] data) {
        return tree(data).path("address").asText();
    }

    static String readProcess(byte[] data) {
        return tree(data).path("process").asText();
    }

    private static JsonNode tree(byte[] data) {
        try {
            return MAPPER.readTree(data);
        } catch (IOException e) {
            return MAPPER.missingNode();
        }
    }

    private static byte[] bytes(JsonNode node) {
        return node.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
}
