// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of configuration parameters that differ from a backend's own defaults: lower-case name to the value as SQL text,
 * ready to stand after {@code SET name TO}.
 *
 * <p>Equal settings are equal objects by {@link #equals}; the hash is computed once, so comparing a session's settings with a backend's is
 * cheap.
 */
public final class Settings {
    /** No difference from the backend's defaults. */
    public static final Settings NONE = new Settings(new TreeMap<>());

    private final TreeMap<String, String> values;
    private final int hash;

    private Settings(TreeMap<String, String> values) {
        this.values = values;
        this.hash = values.hashCode();
    }

    /** Returns settings with the given values; names must be lower case. */
    public static Settings of(Map<String, String> values) {
        return values.isEmpty() ? NONE : new Settings(new TreeMap<>(values));
    }

    /** Returns the value of a parameter as SQL text, or null when it stands at the backend's default. */
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
        return java.util.Collections.unmodifiableMap(values);
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Settings settings && settings.hash == hash && settings.values.equals(values);
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
