// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.ids;

import io.trunkline.topology.SharedSequence;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Objects;
import java.util.regex.Pattern;

/** The SQL that makes {@code trunkline.next_id()} and {@code trunkline.next_value()} on one shard. */
public final class IdScript {
    /** The greatest number of a shard: it has 10 bits of an id. */
    public static final int NUMBER_MAX = 1_023;

    /** One row with the number of the shard, or none; it is read from the function's text, so that it may not be there. */
    public static final String NUMBER_QUERY = """
            SELECT pg_catalog.substring(p.prosrc, '[0-9]+')
            FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
            WHERE n.nspname OPERATOR(pg_catalog.=) 'trunkline' AND p.proname OPERATOR(pg_catalog.=) 'id_shard'""";

    /** What {@link #isName} asks for, in words. */
    public static final String NAMES = "1 to " + SharedSequence.NAME_LENGTH_MAX + " letters, digits, '_', '-' and '.'";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1," + SharedSequence.NAME_LENGTH_MAX + "}");

    private IdScript() {}

    /**
     * Returns the statements for a shard.
     *
     * @param number of the shard, from 0 to {@link #NUMBER_MAX}, which no other shard may have
     * @param sequences names of sequences over shards
     */
    public static String of(int number, Collection<String> sequences) {
        if (number < 0 || number > NUMBER_MAX) {
            throw new IllegalArgumentException("number of a shard: " + number + " (expected: 0 to " + NUMBER_MAX + ")");
        }
        StringBuilder script = new StringBuilder(resource("ids.sql").replace("@NUMBER@", Integer.toString(number)));
        script.append(resource("sequences.sql"));
        for (String sequence : sequences) {
            if (!isName(sequence)) {
                throw new IllegalArgumentException("name of a sequence: " + sequence + " (expected: " + NAMES + ")");
            }
            script.append("\nCREATE SEQUENCE IF NOT EXISTS trunkline.\"count_")
                    .append(sequence)
                    .append("\" MINVALUE 0 START 0;");
        }
        return script.toString();
    }

    /** Returns true for what a topology may call a sequence. */
    public static boolean isName(String sequence) {
        return NAME.matcher(sequence).matches();
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(IdScript.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
