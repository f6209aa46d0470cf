// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of configuration parameters that differ from a backend's own defaults: lower-case name to the SQL command that
 * establishes the value ({@code SET search_path TO a, b}), kept as it was given so that quoting and lists survive.
 *
 * <p>Equal settings are equal objects by {@link #equals}; the hash is computed once, so comparing a session's settings with a backend's is
 * cheap.
 */
public final class Settings {
    /** What decides how a statement's text is understood when it is parsed. */
    private static final List<String> STATEMENT_CONTEXT =
            List.of("search_path", "client_encoding", "role", "session_authorization", "standard_conforming_strings");

    /** What an entry takes beside its name and value, roughly. */
    private static final int ENTRY_BYTES = 100;

    /** No difference from the backend's defaults. */
    public static final Settings NONE = new Settings(new TreeMap<>());

    private final TreeMap<String, String> values;
    /** The values once more, in the order of their names: compared for each transaction, where an iterator would be garbage. */
    private final String[] inOrder;

    private final int hash;
    private final long sizeBytes;
    private final String statementContext;

    private Settings(TreeMap<String, String> values) {
        this.values = values;
        this.hash = values.hashCode();
        this.inOrder = namesAndValues(values);
        StringBuilder context = new StringBuilder();
        for (String name : STATEMENT_CONTEXT) {
            String value = values.get(name);
            if (value != null) {
                context.append(value).append(';');
            }
        }
        this.statementContext = context.toString();
        long size = 0;
        for (Map.Entry<String, String> entry : values.entrySet()) {
            size += ENTRY_BYTES + entry.getKey().length() + entry.getValue().length();
        }
        this.sizeBytes = size;
    }

    private static String[] namesAndValues(TreeMap<String, String> values) {
        String[] all = new String[2 * values.size()];
        int i = 0;
        for (Map.Entry<String, String> entry : values.entrySet()) {
            all[i++] = entry.getKey();
            all[i++] = entry.getValue();
        }
        return all;
    }

    /**
     * Returns the part of the settings under which a statement's text was parsed: two sessions share a prepared statement only when it is
     * equal. Empty when all of it stands at the defaults.
     */
    public String statementContext() {
        return statementContext;
    }

    /** Returns true for a parameter that decides how a statement's text is understood. */
    public static boolean isOfStatementContext(String name) {
        return STATEMENT_CONTEXT.contains(name);
    }

    /** Returns how many bytes these settings keep in memory, roughly, if nothing shares them. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Returns settings with the given values; names must be lower case. */
    public static Settings of(Map<String, String> values) {
        return values.isEmpty() ? NONE : new Settings(new TreeMap<>(values));
    }

    /** Returns the command that sets a parameter, or null when it stands at the backend's default. */
    public @Nullable String get(String name) {
        return values.get(name);
    }

    /** Returns these settings with one value replaced. */
    public Settings with(String name, String value) {
        if (value.equals(values.get(name))) {
            return this;
        }
        TreeMap<String, String> copy = new TreeMap<>(values);
        copy.put(name, value);
        return new Settings(copy);
    }

    /** Returns these settings with one parameter back at the backend's default. */
    public Settings without(String name) {
        if (!values.containsKey(name)) {
            return this;
        }
        TreeMap<String, String> copy = new TreeMap<>(values);
        copy.remove(name);
        return copy.isEmpty() ? NONE : new Settings(copy);
    }

    /** Returns the parameters in name order, unmodifiable. */
    public Map<String, String> asMap() {
        return Collections.unmodifiableMap(values);
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Settings settings
                        && settings.hash == hash
                        && Arrays.equals(settings.inOrder, inOrder);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return "Settings" + values.keySet();
    }
}
