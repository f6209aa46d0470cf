// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.ValueOrder;

/**
 * The types whose values a shard is given in arrays: in binary format each reads what it has written.
 *
 * <p>Those that can be compared, and some of which only the elements of an aggregate are made.
 */
final class ValueTypes {
    static final int INT4 = 23;
    static final int INT8 = 20;
    static final int JSONB = 3802;

    private ValueTypes() {}

    /** Returns true when texts of the type have a collation. */
    static boolean isCollated(int type) {
        ValueOrder order = ValueOrder.of(type);
        return order != null && order.isCollated();
    }

    /** Returns the OID of the type's arrays, or 0 when its values are not given in arrays. The OIDs are fixed in pg_type.dat. */
    static int arrayOf(int type) {
        return switch (type) {
            case 16 -> 1000;
            case 17 -> 1001;
            case 18 -> 1002;
            case 19 -> 1003;
            case INT8 -> 1016;
            case 21 -> 1005;
            case INT4 -> 1007;
            case 25 -> 1009;
            case 26 -> 1028;
            case 114 -> 199;
            case 650 -> 651;
            case 700 -> 1021;
            case 701 -> 1022;
            case 774 -> 775;
            case 790 -> 791;
            case 829 -> 1040;
            case 869 -> 1041;
            case 1042 -> 1014;
            case 1043 -> 1015;
            case 1082 -> 1182;
            case 1083 -> 1183;
            case 1114 -> 1115;
            case 1184 -> 1185;
            case 1186 -> 1187;
            case 1266 -> 1270;
            case 1560 -> 1561;
            case 1562 -> 1563;
            case 1700 -> 1231;
            case 2950 -> 2951;
            case 3220 -> 3221;
            case JSONB -> 3807;
            case 5069 -> 271;
            default -> 0;
        };
    }

    /** Returns the name of a type that has arrays here. */
    static String name(int type) {
        return "pg_catalog."
                + switch (type) {
                    case 16 -> "bool";
                    case 17 -> "bytea";
                    case 18 -> "\"char\"";
                    case 19 -> "name";
                    case INT8 -> "int8";
                    case 21 -> "int2";
                    case INT4 -> "int4";
                    case 25 -> "text";
                    case 26 -> "oid";
                    case 114 -> "json";
                    case 650 -> "cidr";
                    case 700 -> "float4";
                    case 701 -> "float8";
                    case 774 -> "macaddr8";
                    case 790 -> "money";
                    case 829 -> "macaddr";
                    case 869 -> "inet";
                    case 1042 -> "bpchar";
                    case 1043 -> "varchar";
                    case 1082 -> "date";
                    case 1083 -> "time";
                    case 1114 -> "timestamp";
                    case 1184 -> "timestamptz";
                    case 1186 -> "interval";
                    case 1266 -> "timetz";
                    case 1560 -> "\"bit\"";
                    case 1562 -> "varbit";
                    case 1700 -> "numeric";
                    case 2950 -> "uuid";
                    case 3220 -> "pg_lsn";
                    case JSONB -> "jsonb";
                    case 5069 -> "xid8";
                    default ->
                        throw new IllegalArgumentException(
                                "type " + Integer.toUnsignedString(type) + " is given in no arrays");
                };
    }
}
