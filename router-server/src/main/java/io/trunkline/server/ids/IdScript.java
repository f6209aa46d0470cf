// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.ids;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The SQL that makes {@code trunkline.next_id()} on one shard. */
public final class IdScript {
    /** The greatest number of a shard: it has 10 bits of an id. */
    public static final int NUMBER_MAX = 1_023;

    /** One row with the number of the shard, or none; it is read from the function's text, so that it may not be there. */
    public static final String NUMBER_QUERY = """
            SELECT pg_catalog.substring(p.prosrc, '[0-9]+')
            FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
            WHERE n.nspname OPERATOR(pg_catalog.=) 'trunkline' AND p.proname OPERATOR(pg_catalog.=) 'id_shard'""";

    private IdScript() {}

    /**
     * Returns the statements for a shard.
     *
     * @param number of the shard, from 0 to {@link #NUMBER_MAX}, which no other shard may have
     */
    public static String of(int number) {
        if (number < 0 || number > NUMBER_MAX) {
            throw new IllegalArgumentException("number of a shard: " + number + " (expected: 0 to " + NUMBER_MAX + ")");
        }
        try (InputStream in = Objects.requireNonNull(IdScript.class.getResourceAsStream("ids.sql"), "ids.sql")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("@NUMBER@", Integer.toString(number));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
