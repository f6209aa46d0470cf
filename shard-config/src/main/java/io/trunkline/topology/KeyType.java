// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The PostgreSQL types a sharding key may have. */
public enum KeyType {
    /** {@code smallint}. */
    INT2(21, Family.INTEGER),
    /** {@code integer}. */
    INT4(23, Family.INTEGER),
    /** {@code bigint}. */
    INT8(20, Family.INTEGER),
    /** {@code text}, of a deterministic collation, in a database whose encoding is UTF8. */
    TEXT(25, Family.TEXT),
    /** {@code character varying}, under the conditions of {@link #TEXT}. */
    VARCHAR(1043, Family.TEXT),
    /** {@code uuid}. */
    UUID(2950, Family.UUID),
    /** {@code date}. */
    DATE(1082, Family.DATE),
    /** {@code timestamp without time zone}, of all six digits: a column that rounds stores another key than the one that was routed. */
    TIMESTAMP(1114, Family.TIMESTAMP),
    /** {@code timestamp with time zone}, under the conditions of {@link #TIMESTAMP}. */
    TIMESTAMPTZ(1184, Family.TIMESTAMP),
    /** {@code numeric} without precision and scale: a column that rounds stores another key than the one that was routed. */
    NUMERIC(1700, Family.NUMERIC);

    /** Types whose values are equal, ordered and hashed alike. */
    enum Family {
        INTEGER,
        TEXT,
        UUID,
        DATE,
        TIMESTAMP,
        NUMERIC
    }

    private final int oid;
    private final Family family;

    KeyType(int oid, Family family) {
        this.oid = oid;
        this.family = family;
    }

    /** Returns the type's OID, fixed in {@code pg_type.dat}. */
    public int oid() {
        return oid;
    }

    /** Returns the name as {@code pg_type} and the topology document write it: {@code int8}, {@code timestamptz}. */
    public String typeName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Says whether a value can be a key of this type; values of {@code int2}, {@code int4} and {@code int8} are interchangeable. */
    public boolean accepts(KeyValue value) {
        return value.family() == family;
    }

    /** Returns all names, for messages: {@code int2, int4, …}. */
    static String typeNames() {
        return Arrays.stream(values()).map(KeyType::typeName).collect(Collectors.joining(", "));
    }

    /** Returns the type with this {@link #typeName()}, empty when it cannot be a sharding key. */
    public static Optional<KeyType> ofTypeName(String typeName) {
        for (KeyType type : values()) {
            if (type.typeName().equals(typeName)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Returns the type with this OID, empty when it cannot be a sharding key. */
    public static Optional<KeyType> ofOid(int oid) {
        for (KeyType type : values()) {
            if (type.oid == oid) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
