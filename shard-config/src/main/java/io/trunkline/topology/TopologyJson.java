// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The topology document: JSON in UTF-8, of which {@code shard-config/README.md} describes every field.
 *
 * <p>Whoever publishes reads with {@link UnknownFields#REJECT}, so that a misspelt field is found before it does harm; routers
 * read with {@link UnknownFields#IGNORE}, so that an older router understands the document of a newer tool.
 */
public final class TopologyJson {
    /** Largest document: ZooKeeper's packet limit of 1,048,575 bytes less room for the path and the request. */
    public static final int DOCUMENT_BYTES_MAX = 1_000_000;

    /** What to do with a field that this version does not know. */
    public enum UnknownFields {
        /** It is a mistake. */
        REJECT,
        /** It comes from a newer version. */
        IGNORE
    }

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
            .build();

    private TopologyJson() {}

    /**
     * Returns the topology a document describes.
     *
     * @throws InvalidTopologyException with all that is wrong, or with the place where it ceases to be JSON
     */
    public static Topology read(byte[] document, UnknownFields unknownFields) {
        if (document.length > DOCUMENT_BYTES_MAX) {
            throw InvalidTopologyException.at("", document.length + " bytes", "at most " + DOCUMENT_BYTES_MAX);
        }
        JsonNode root;
        try {
            root = MAPPER.readTree(document);
        } catch (JsonProcessingException e) {
            throw InvalidTopologyException.at(position(e.getLocation()), e.getOriginalMessage(), "JSON in UTF-8");
        } catch (IOException e) {
            // Bytes in no character set that JSON may have.
            throw InvalidTopologyException.at("", String.valueOf(e.getMessage()), "JSON in UTF-8");
        }
        return TopologyReader.read(root, unknownFields);
    }

    /**
     * Returns the document of a topology, with every field written out.
     *
     * @throws InvalidTopologyException if it is larger than {@link #DOCUMENT_BYTES_MAX}
     */
    public static byte[] write(Topology topology) {
        byte[] document;
        try {
            document = MAPPER.writerWithDefaultPrettyPrinter()
                    .writeValueAsBytes(TopologyWriter.write(topology, MAPPER.getNodeFactory()));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
        if (document.length > DOCUMENT_BYTES_MAX) {
            throw InvalidTopologyException.at("", document.length + " bytes", "at most " + DOCUMENT_BYTES_MAX);
        }
        return document;
    }

    private static String position(JsonLocation location) {
        return "line " + location.getLineNr() + ", column " + location.getColumnNr();
    }
}
