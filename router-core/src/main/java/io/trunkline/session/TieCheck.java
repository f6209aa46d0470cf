// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.sql.SessionEffect;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One question to a backend: what of the session that holds it is left there.
 *
 * <p>It is answered from the system views, so that what a lock's key was, whether a cursor was declared, or which of several tables was dropped
 * need not be read out of statements. Every name is qualified: the session's search path is in force.
 *
 * @param pins what may be left
 * @param parameters whose values are asked for
 * @param namePrefix what the names of statements begin with that tie nobody: the router has given them to the backend
 */
record TieCheck(Set<SessionEffect> pins, Set<String> parameters, String namePrefix) {
    TieCheck {
        pins = Set.copyOf(pins);
        parameters = Set.copyOf(parameters);
    }

    /**
     * What a backend answered.
     *
     * @param left the pins that are still there
     * @param values of the parameters; one that does not exist is missing
     */
    record Answer(Set<SessionEffect> left, Map<String, String> values) {}

    /** Returns the query, of one row. */
    String sql() {
        List<String> columns = new ArrayList<>();
        for (SessionEffect pin : ordered(pins)) {
            columns.add(isLeft(pin));
        }
        for (String parameter : parameters.stream().sorted().toList()) {
            columns.add("pg_catalog.current_setting(" + SessionSettings.literal(parameter) + ", true)");
        }
        return "SELECT " + String.join(", ", columns);
    }

    private String isLeft(SessionEffect pin) {
        return switch (pin) {
            case ADVISORY_LOCK ->
                "EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory'"
                        + " AND pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid())";
            case TEMP_TABLE ->
                // Whatever is in a schema depends on it.
                "EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'"
                        + "::pg_catalog.regclass AND refobjid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())";
            case HOLD_CURSOR -> "EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable)";
            case SQL_PREPARE ->
                "EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql AND NOT pg_catalog.starts_with(name, "
                        + SessionSettings.literal(namePrefix) + "))";
            case LISTEN -> "EXISTS (SELECT FROM pg_catalog.pg_listening_channels())";
            default -> "false";
        };
    }

    /** Returns true when a backend's rows are an answer to this: a node that lies may send anything, and then all pins stay. */
    boolean isAnsweredBy(List<List<@Nullable String>> rows) {
        return rows.size() == 1 && rows.get(0).size() == pins.size() + parameters.size();
    }

    /** Reads the row the query returned. */
    Answer read(List<@Nullable String> row) {
        Set<SessionEffect> left = EnumSet.noneOf(SessionEffect.class);
        int column = 0;
        for (SessionEffect pin : ordered(pins)) {
            if ("t".equals(row.get(column++))) {
                left.add(pin);
            }
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (String parameter : parameters.stream().sorted().toList()) {
            String value = row.get(column++);
            if (value != null) {
                values.put(parameter, value);
            }
        }
        return new Answer(left, values);
    }

    private static List<SessionEffect> ordered(Set<SessionEffect> pins) {
        return pins.stream().sorted().toList();
    }
}
