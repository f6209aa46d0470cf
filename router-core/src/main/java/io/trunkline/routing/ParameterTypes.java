// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.topology.KeyType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The types a shard key may arrive in, by OID and by name, and which of them a key type can be compared with without loss.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_STABLE/src/include/catalog/pg_type.dat">pg_type.dat</a>
 */
final class ParameterTypes {
    /** {@code bpchar}: read as text without its trailing blanks. */
    static final int BPCHAR = 1042;

    private static final int UNSPECIFIED = 0;
    private static final int UNKNOWN = 705;

    private ParameterTypes() {}

    /** Returns true when the server itself infers the type of such a parameter. */
    static boolean isUntyped(int oid) {
        return oid == UNSPECIFIED || oid == UNKNOWN;
    }

    /** Returns the key type of an OID, or null when no key has it. */
    static @Nullable KeyType ofOid(int oid) {
        return switch (oid) {
            case 20 -> KeyType.INT8;
            case 21 -> KeyType.INT2;
            case 23 -> KeyType.INT4;
            case 25 -> KeyType.TEXT;
            case 1043 -> KeyType.VARCHAR;
            case 2950 -> KeyType.UUID;
            case 1082 -> KeyType.DATE;
            case 1114 -> KeyType.TIMESTAMP;
            case 1184 -> KeyType.TIMESTAMPTZ;
            case 1700 -> KeyType.NUMERIC;
            default -> null;
        };
    }

    /** Returns the OID of the elements of an array type, or 0 when its elements cannot be keys. */
    static int elementOf(int arrayOid) {
        return switch (arrayOid) {
            case 1016 -> 20;
            case 1005 -> 21;
            case 1007 -> 23;
            case 1009 -> 25;
            case 1014 -> BPCHAR;
            case 1015 -> 1043;
            case 2951 -> 2950;
            case 1182 -> 1082;
            case 1115 -> 1114;
            case 1185 -> 1184;
            case 1231 -> 1700;
            default -> 0;
        };
    }

    /** Returns the OID of the array type of a key's type. */
    static int arrayOf(int elementOid) {
        return switch (elementOid) {
            case 20 -> 1016;
            case 21 -> 1005;
            case 23 -> 1007;
            case 25 -> 1009;
            case 1043 -> 1015;
            case 2950 -> 2951;
            case 1082 -> 1182;
            case 1114 -> 1115;
            case 1184 -> 1185;
            case 1700 -> 1231;
            default -> throw new IllegalArgumentException("type " + elementOid + " (expected: one of a shard key)");
        };
    }

    /**
     * Returns the key type a cast names, or null. A name with a modifier, such as {@code varchar(3)}, is none: the cast cuts or rounds.
     *
     * @param name as the statement writes it
     */
    static @Nullable KeyType ofName(String name) {
        String plain = name.strip().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
        if (plain.startsWith("pg_catalog.")) {
            plain = plain.substring("pg_catalog.".length());
        }
        return switch (plain) {
            case "int8", "bigint" -> KeyType.INT8;
            case "int4", "int", "integer" -> KeyType.INT4;
            case "int2", "smallint" -> KeyType.INT2;
            case "text" -> KeyType.TEXT;
            case "varchar", "character varying" -> KeyType.VARCHAR;
            case "uuid" -> KeyType.UUID;
            case "date" -> KeyType.DATE;
            case "timestamp", "timestamp without time zone" -> KeyType.TIMESTAMP;
            case "timestamptz", "timestamp with time zone" -> KeyType.TIMESTAMPTZ;
            case "numeric", "decimal", "dec" -> KeyType.NUMERIC;
            default -> null;
        };
    }

    /** Returns the name of the element type when a cast names an array, or null. */
    static @Nullable String elementName(String name) {
        String plain = name.strip();
        if (!plain.endsWith("]")) {
            return null;
        }
        int bracket = plain.lastIndexOf('[');
        return bracket > 0 && plain.substring(bracket + 1, plain.length() - 1).isBlank()
                ? plain.substring(0, bracket).strip()
                : null;
    }

    /**
     * Returns true when {@code key = value} compares two values of the key's own type, or of types whose equality agrees with it, and when
     * storing the value in a key column does not change it.
     *
     * <p>Left out on purpose: {@code numeric} for an integer key (42.4 is stored as 42), {@code date} for a timestamp key and timestamps of
     * the two kinds (the session's time zone decides), floating point for anything (it compares rounded values).
     */
    static boolean isLossless(KeyType key, KeyType value) {
        return switch (key) {
            case INT2, INT4, INT8 -> isInteger(value);
            case TEXT, VARCHAR -> value == KeyType.TEXT || value == KeyType.VARCHAR;
            case NUMERIC -> value == KeyType.NUMERIC || isInteger(value);
            case UUID, DATE, TIMESTAMP, TIMESTAMPTZ -> value == key;
        };
    }

    static boolean isInteger(KeyType type) {
        return type == KeyType.INT2 || type == KeyType.INT4 || type == KeyType.INT8;
    }

    static boolean isText(KeyType type) {
        return type == KeyType.TEXT || type == KeyType.VARCHAR;
    }

    /** Returns the types {@link #isLossless} accepts, in words. */
    static String expected(KeyType key) {
        return switch (key) {
            case INT2, INT4, INT8 -> "int2, int4, int8";
            case TEXT -> "text, varchar, bpchar";
            case VARCHAR -> "text, varchar";
            case NUMERIC -> "numeric, int2, int4, int8";
            case UUID, DATE, TIMESTAMP, TIMESTAMPTZ -> key.typeName();
        };
    }
}
