// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import com.github.benmanes.caffeine.cache.Interner;
import io.trunkline.SharedAcrossLoops;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a backend reported in ParameterStatus messages: name to value, in the order first reported. Immutable.
 *
 * <p>{@code in_hot_standby} always reads {@code off}: a session may run on the primary and on replicas in turn and sees one logical server.
 *
 * <p>Equal parameters are one object as long as anybody has it: a router has thousands of backends and sessions and hardly ever more than a few
 * different ones, and compares them with every lease.
 */
@SharedAcrossLoops("the interner is a concurrent one; instances never change")
public final class ReportedParameters {
    private static final Interner<ReportedParameters> KNOWN = Interner.newWeakInterner();

    /** Nothing reported. */
    public static final ReportedParameters NONE = new ReportedParameters(new LinkedHashMap<>());

    /** How many parameters a backend may report; PostgreSQL 18 reports 15. */
    static final int COUNT_MAX = 100;

    /** The longest ParameterStatus that is kept; {@code search_path} is the only parameter that may become long. */
    static final int MESSAGE_BYTES_MAX = 65_536;

    /** Says whether the node is a standby; reported anew when it has been promoted. */
    public static final String IN_HOT_STANDBY = "in_hot_standby";

    private final LinkedHashMap<String, String> values;
    private final int hash;
    private final String clientEncoding;
    private final boolean standardConformingStrings;

    private ReportedParameters(LinkedHashMap<String, String> values) {
        this.values = values;
        this.hash = values.hashCode();
        this.clientEncoding = values.getOrDefault("client_encoding", "UTF8");
        this.standardConformingStrings = !"off".equals(values.get("standard_conforming_strings"));
    }

    /** Returns the parameters of a login. */
    public static ReportedParameters of(Map<String, String> values) {
        LinkedHashMap<String, String> copy = new LinkedHashMap<>(values);
        copy.computeIfPresent(IN_HOT_STANDBY, (name, value) -> "off");
        return KNOWN.intern(new ReportedParameters(copy));
    }

    /** Returns these parameters with one replaced. */
    public ReportedParameters with(String name, String value) {
        if (name.equals(IN_HOT_STANDBY) || value.equals(values.get(name))) {
            return this;
        }
        LinkedHashMap<String, String> copy = new LinkedHashMap<>(values);
        copy.put(name, value);
        return KNOWN.intern(new ReportedParameters(copy));
    }

    /** Returns how many parameters were reported. */
    int count() {
        return values.size();
    }

    /** Returns the value of one parameter, or null when the server does not report it. */
    public @Nullable String get(String name) {
        return values.get(name);
    }

    /** Returns {@code client_encoding}, or UTF8 when the server does not report it. */
    public String clientEncoding() {
        return clientEncoding;
    }

    /** Returns {@code standard_conforming_strings}, which is on when the server does not report it. */
    public boolean standardConformingStrings() {
        return standardConformingStrings;
    }

    /** Returns all parameters, unmodifiable. */
    public Map<String, String> asMap() {
        return Collections.unmodifiableMap(values);
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof ReportedParameters reported
                        && reported.hash == hash
                        && reported.values.equals(values);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
