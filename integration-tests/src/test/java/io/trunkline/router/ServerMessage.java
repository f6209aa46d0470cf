// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One message of a server as it came.
 *
 * <p>{@link #toString} says all that two servers must agree on, in the words of the manual: {@code DataRow [7, null]}. What is left out may differ:
 * source file and line of an error, process ids, keys.
 */
public record ServerMessage(char type, byte[] body) {

    public boolean isReadyForQuery() {
        return type == 'Z';
    }

    /** Returns the transaction status of ReadyForQuery. */
    public char status() {
        return (char) body[0];
    }

    /** Returns the fields of an ErrorResponse or NoticeResponse. */
    public Map<Character, String> fields() {
        Map<Character, String> fields = new LinkedHashMap<>();
        ByteBuffer in = ByteBuffer.wrap(body);
        for (char code = (char) in.get(); code != 0; code = (char) in.get()) {
            fields.put(code, string(in));
        }
        return fields;
    }

    /** Returns the SQLSTATE of an ErrorResponse or NoticeResponse. */
    public String sqlState() {
        return fields().getOrDefault('C', "");
    }

    /** Returns the columns of a DataRow. */
    public List<@Nullable String> columns() {
        ByteBuffer in = ByteBuffer.wrap(body);
        List<@Nullable String> columns = new ArrayList<>();
        int count = in.getShort();
        for (int i = 0; i < count; i++) {
            int length = in.getInt();
            if (length < 0) {
                columns.add(null);
            } else {
                byte[] value = new byte[length];
                in.get(value);
                columns.add(shown(value));
            }
        }
        return columns;
    }

    /** Returns the name and the value of a ParameterStatus. */
    Map.Entry<String, String> parameter() {
        ByteBuffer in = ByteBuffer.wrap(body);
        return Map.entry(string(in), string(in));
    }

    /** Returns what two servers must agree on of each message. */
    public static List<String> texts(List<ServerMessage> messages) {
        return messages.stream().map(ServerMessage::toString).toList();
    }

    @Override
    public String toString() {
        return switch (type) {
            case 'Z' -> "ReadyForQuery " + status();
            case 'C' -> "CommandComplete " + string(ByteBuffer.wrap(body));
            case 'D' -> "DataRow " + columns();
            case 'T' -> "RowDescription " + rowDescription();
            case 't' -> "ParameterDescription " + types();
            case 'E' -> "ErrorResponse " + fields("VCMDHP");
            case 'N' -> "NoticeResponse " + fields("VCM");
            case 'S' -> "ParameterStatus " + parameter();
            case 'A' -> "NotificationResponse " + notification();
            case 'd' -> "CopyData " + shown(body);
            case 'G' -> "CopyInResponse " + HexFormat.of().formatHex(body);
            case 'H' -> "CopyOutResponse " + HexFormat.of().formatHex(body);
            case 'V' -> "FunctionCallResponse " + HexFormat.of().formatHex(body);
            case '1' -> "ParseComplete";
            case '2' -> "BindComplete";
            case '3' -> "CloseComplete";
            case 'c' -> "CopyDone";
            case 'I' -> "EmptyQueryResponse";
            case 'n' -> "NoData";
            case 's' -> "PortalSuspended";
            default -> type + " " + HexFormat.of().formatHex(body);
        };
    }

    private String rowDescription() {
        ByteBuffer in = ByteBuffer.wrap(body);
        List<String> columns = new ArrayList<>();
        int count = in.getShort();
        for (int i = 0; i < count; i++) {
            String name = string(in);
            in.getInt();
            short attribute = in.getShort();
            int type = in.getInt();
            short size = in.getShort();
            int modifier = in.getInt();
            short format = in.getShort();
            columns.add(name + "#" + attribute + ":" + type + "/" + size + "/" + modifier + "/" + format);
        }
        return columns.toString();
    }

    private String types() {
        ByteBuffer in = ByteBuffer.wrap(body);
        List<Integer> types = new ArrayList<>();
        int count = in.getShort();
        for (int i = 0; i < count; i++) {
            types.add(in.getInt());
        }
        return types.toString();
    }

    private String notification() {
        ByteBuffer in = ByteBuffer.wrap(body);
        in.getInt();
        return string(in) + " " + string(in);
    }

    private String fields(String codes) {
        Map<Character, String> shown = fields();
        shown.keySet().removeIf(code -> codes.indexOf(code) < 0);
        return shown.toString();
    }

    private static String shown(byte[] value) {
        for (byte one : value) {
            if (one < ' ' && one != '\n' && one != '\t') {
                return "0x" + HexFormat.of().formatHex(value);
            }
        }
        return new String(value, ISO_8859_1);
    }

    private static String string(ByteBuffer in) {
        int start = in.position();
        while (in.get() != 0) {
            // looks for the end
        }
        return new String(in.array(), start, in.position() - start - 1, UTF_8);
    }
}
