// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.MessageScanner.Direction;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.StatementOrPortal;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Messages in words, both ways: {@code Bind "" s1 [7 NULL]} and its bytes.
 *
 * <p>Words are bare or in double quotes, lists stand in brackets, messages are separated by semicolons. <code>%{1000}</code> within quotes stands
 * for a thousand times {@code x}, <code>\x05</code> for a byte, {@code int8:7} for a binary parameter. An error is written as severity, SQLSTATE, message and,
 * if it has one, {@code position=7}; an expectation may leave out any of them.
 */
public final class MessageText {
    private static final Pattern WORD =
            Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"|([\\[\\]])|([^\\s\"\\[\\],;]+)|(;)");
    private static final Pattern FILLER = Pattern.compile("%\\{(\\d+)}");
    private static final Pattern BYTE = Pattern.compile("\\\\x([0-7][0-9a-f])");
    private static final Pattern LONG_FILLER = Pattern.compile("x{40,}");

    private static final String INT8 = "int8:";
    private static final String POSITION = "position=";

    private MessageText() {}

    /** Splits a line of messages. */
    public static List<String> split(String line) {
        List<String> messages = new ArrayList<>();
        int start = 0;
        Matcher words = WORD.matcher(line);
        while (words.find()) {
            if (words.group(4) != null) {
                messages.add(line.substring(start, words.start()).strip());
                start = words.end();
            }
        }
        messages.add(line.substring(start).strip());
        messages.removeIf(String::isEmpty);
        return messages;
    }

    /** Returns the bytes of a line of messages. */
    public static byte[] encode(Direction direction, String line) {
        ByteBuf out = Unpooled.buffer();
        for (String message : split(line)) {
            Words words = new Words(message);
            if (direction == Direction.FROM_FRONTEND) {
                encodeFrontend(words, out);
            } else {
                encodeBackend(words, out);
            }
        }
        return Arrays.copyOf(out.array(), out.writerIndex());
    }

    private static void encodeFrontend(Words words, ByteBuf out) {
        switch (words.name) {
            case "Query" -> FrontendWriter.query(out, words.next());
            case "Parse" -> {
                String name = words.next();
                String sql = words.next();
                FrontendWriter.parse(
                        out,
                        name,
                        sql,
                        words.list().stream().mapToInt(Integer::parseInt).toArray());
            }
            case "Bind" -> {
                String portal = words.next();
                bind(out, portal, words.next(), words.list());
            }
            case "Describe" -> FrontendWriter.describe(out, kind(words.next()), words.next());
            case "Close" -> FrontendWriter.close(out, kind(words.next()), words.next());
            case "Execute" -> {
                String portal = words.next();
                FrontendWriter.execute(out, portal, words.hasNext() ? Integer.parseInt(words.next()) : 0);
            }
            case "Sync" -> withBody(FrontendTag.SYNC, words, out);
            case "Flush" -> withBody(FrontendTag.FLUSH, words, out);
            case "Terminate" -> FrontendWriter.terminate(out);
            case "CopyData" -> FrontendWriter.copyData(out, words.next().getBytes(StandardCharsets.UTF_8));
            case "CopyDone" -> FrontendWriter.copyDone(out);
            case "CopyFail" -> FrontendWriter.copyFail(out, words.next());
            case "FunctionCall" ->
                out.writeByte(FrontendTag.FUNCTION_CALL)
                        .writeInt(14)
                        .writeInt(Integer.parseInt(words.next()))
                        .writeShort(0)
                        .writeShort(0)
                        .writeShort(0);
            default -> throw new IllegalArgumentException("no frontend message " + words.name);
        }
    }

    /** Writes a message that has no body, or the one given, which is an error. */
    private static void withBody(byte tag, Words words, ByteBuf out) {
        byte[] body = words.hasNext() ? words.next().getBytes(StandardCharsets.UTF_8) : new byte[0];
        out.writeByte(tag).writeInt(Integer.BYTES + body.length).writeBytes(body);
    }

    private static void bind(ByteBuf out, String portal, String statement, List<String> values) {
        if (values.stream().noneMatch(MessageText::isBinary)) {
            FrontendWriter.bind(out, portal, statement, values);
            return;
        }
        int start = out.writerIndex();
        out.writeByte(FrontendTag.BIND).writeInt(0);
        string(out, portal);
        string(out, statement);
        out.writeShort(values.size());
        values.forEach(value -> out.writeShort(isBinary(value) ? 1 : 0));
        out.writeShort(values.size());
        for (String value : values) {
            byte[] text = value.getBytes(StandardCharsets.UTF_8);
            if (isBinary(value)) {
                out.writeInt(8).writeLong(Long.parseLong(value.substring(INT8.length())));
            } else {
                out.writeInt(text.length).writeBytes(text);
            }
        }
        out.writeShort(0);
        out.setInt(start + 1, out.writerIndex() - start - 1);
    }

    private static boolean isBinary(@Nullable String value) {
        return value != null && value.startsWith(INT8);
    }

    private static void string(ByteBuf out, String text) {
        out.writeBytes(text.getBytes(StandardCharsets.UTF_8)).writeByte(0);
    }

    private static StatementOrPortal.Kind kind(String letter) {
        return letter.equals("S") ? StatementOrPortal.Kind.STATEMENT : StatementOrPortal.Kind.PORTAL;
    }

    private static void encodeBackend(Words words, ByteBuf out) {
        switch (words.name) {
            case "ParseComplete" -> BackendWriter.parseComplete(out);
            case "BindComplete" -> BackendWriter.bindComplete(out);
            case "CloseComplete" -> BackendWriter.closeComplete(out);
            case "NoData" -> BackendWriter.noData(out);
            case "ParameterDescription" ->
                BackendWriter.parameterDescription(
                        out, words.list().stream().mapToInt(Integer::parseInt).toArray());
            case "RowDescription" -> BackendWriter.rowDescription(out, words.list());
            case "DataRow" -> BackendWriter.dataRow(out, words.list());
            case "CommandComplete" -> BackendWriter.commandComplete(out, words.next());
            case "EmptyQueryResponse" -> BackendWriter.emptyQueryResponse(out);
            case "PortalSuspended" -> BackendWriter.portalSuspended(out);
            case "ReadyForQuery" -> BackendWriter.readyForQuery(out, status(words.next()));
            case "ErrorResponse" -> BackendWriter.errorResponse(out, error(words));
            case "NoticeResponse" -> BackendWriter.noticeResponse(out, error(words));
            case "ParameterStatus" -> BackendWriter.parameterStatus(out, words.next(), words.next());
            case "NotificationResponse" -> BackendWriter.notificationResponse(out, 1, words.next(), words.next());
            case "CopyInResponse" -> BackendWriter.copyInResponse(out, 1);
            case "CopyOutResponse" -> BackendWriter.copyOutResponse(out, 1);
            case "CopyData" -> BackendWriter.copyData(out, words.next().getBytes(StandardCharsets.UTF_8));
            case "CopyDone" -> BackendWriter.copyDone(out);
            case "FunctionCallResponse" -> out.writeByte('V').writeInt(8).writeInt(-1);
            default -> throw new IllegalArgumentException("no backend message " + words.name);
        }
    }

    private static TransactionStatus status(String letter) {
        return switch (letter) {
            case "I" -> TransactionStatus.IDLE;
            case "T" -> TransactionStatus.IN_TRANSACTION;
            case "E" -> TransactionStatus.FAILED;
            default -> throw new IllegalArgumentException("no transaction status " + letter);
        };
    }

    private static ErrorResponse error(Words words) {
        Severity severity = Severity.ERROR;
        String word = words.next();
        if (Arrays.stream(Severity.values()).map(Enum::name).anyMatch(word::equals)) {
            severity = Severity.valueOf(word);
            word = words.next();
        }
        String message = words.hasNext() ? words.next() : "made up by the test";
        ErrorResponse error =
                ErrorResponse.of(severity, SqlState.SYNTAX_ERROR, message).with(ErrorResponse.SQLSTATE, word);
        if (message.startsWith("cached plan")) {
            error = error.with(ErrorResponse.ROUTINE, "RevalidateCachedQuery");
        }
        return words.hasNext() ? error.with(ErrorResponse.POSITION, words.next().substring(POSITION.length())) : error;
    }

    /** Returns the messages of a stream in words. */
    public static List<String> decode(Direction direction, byte[] bytes) {
        List<String> messages = new ArrayList<>();
        ByteBuf in = Unpooled.wrappedBuffer(bytes);
        while (in.isReadable()) {
            if (in.readableBytes() < 5 || in.readableBytes() < 1 + in.getInt(in.readerIndex() + 1)) {
                messages.add("a message cut after " + in.readableBytes() + " bytes");
                return messages;
            }
            int index = in.readerIndex();
            int bytesOfMessage = 1 + in.getInt(index + 1);
            byte tag = in.getByte(index);
            ByteBuf body = in.slice(index + 5, bytesOfMessage - 5);
            messages.add(
                    direction == Direction.FROM_FRONTEND
                            ? decodeFrontend(tag, body)
                            : decodeBackend(tag, body, in, index, bytesOfMessage));
            in.skipBytes(bytesOfMessage);
        }
        return messages;
    }

    private static String decodeFrontend(byte tag, ByteBuf body) {
        return switch (tag) {
            case 'Q' -> "Query " + quoted(string(body));
            case 'P' -> {
                String text = "Parse " + word(string(body)) + " " + quoted(string(body));
                List<String> types = new ArrayList<>();
                int count = body.readUnsignedShort();
                for (int i = 0; i < count; i++) {
                    types.add(Integer.toString(body.readInt()));
                }
                yield types.isEmpty() ? text : text + " [" + String.join(" ", types) + "]";
            }
            case 'B' -> {
                String text = "Bind " + word(string(body)) + " " + word(string(body));
                int formats = body.readUnsignedShort();
                boolean binary = false;
                for (int i = 0; i < formats; i++) {
                    binary |= body.readUnsignedShort() == 1;
                }
                yield text + " " + values(body, binary);
            }
            case 'D' -> "Describe " + (char) body.readByte() + " " + word(string(body));
            case 'C' -> "Close " + (char) body.readByte() + " " + word(string(body));
            case 'E' -> {
                String text = "Execute " + word(string(body));
                int rows = body.readInt();
                yield rows == 0 ? text : text + " " + rows;
            }
            case 'S' -> "Sync";
            case 'H' -> "Flush";
            case 'X' -> "Terminate";
            case 'd' -> "CopyData " + quoted(body.toString(StandardCharsets.UTF_8));
            case 'c' -> "CopyDone";
            case 'f' -> "CopyFail " + quoted(string(body));
            case 'F' -> "FunctionCall " + body.readInt();
            default -> "frontend message " + (char) tag;
        };
    }

    private static String decodeBackend(byte tag, ByteBuf body, ByteBuf in, int index, int bytes) {
        return switch (tag) {
            case '1' -> "ParseComplete";
            case '2' -> "BindComplete";
            case '3' -> "CloseComplete";
            case 'n' -> "NoData";
            case 't' -> {
                List<String> types = new ArrayList<>();
                int count = body.readUnsignedShort();
                for (int i = 0; i < count; i++) {
                    types.add(Integer.toString(body.readInt()));
                }
                yield "ParameterDescription [" + String.join(" ", types) + "]";
            }
            case 'T' -> {
                List<String> names = new ArrayList<>();
                int count = body.readUnsignedShort();
                for (int i = 0; i < count; i++) {
                    names.add(word(string(body)));
                    body.skipBytes(18);
                }
                yield "RowDescription [" + String.join(" ", names) + "]";
            }
            case 'D' -> "DataRow " + values(body, false);
            case 'C' -> "CommandComplete " + quoted(string(body));
            case 'I' -> "EmptyQueryResponse";
            case 's' -> "PortalSuspended";
            case 'Z' -> "ReadyForQuery " + (char) body.readByte();
            case 'E' -> "ErrorResponse " + fields(ErrorResponse.parse(in, index, bytes));
            case 'N' -> "NoticeResponse " + fields(ErrorResponse.parse(in, index, bytes));
            case 'S' -> "ParameterStatus " + word(string(body)) + " " + word(string(body));
            case 'A' -> {
                body.skipBytes(4);
                yield "NotificationResponse " + word(string(body)) + " " + word(string(body));
            }
            case 'G' -> "CopyInResponse";
            case 'H' -> "CopyOutResponse";
            case 'd' -> "CopyData " + quoted(body.toString(StandardCharsets.UTF_8));
            case 'c' -> "CopyDone";
            case 'V' -> "FunctionCallResponse";
            case 'R' -> "Authentication " + body.readInt();
            case 'K' -> "BackendKeyData";
            default -> "backend message " + (char) tag;
        };
    }

    private static String fields(ErrorResponse error) {
        String position = error.field(ErrorResponse.POSITION);
        return error.severity() + " " + error.sqlState() + " " + quoted(error.message())
                + (position == null ? "" : " " + POSITION + position);
    }

    private static String values(ByteBuf body, boolean binary) {
        List<String> values = new ArrayList<>();
        int count = body.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            int length = body.readInt();
            if (binary && length == 8) {
                values.add(INT8 + body.readLong());
                continue;
            }
            values.add(
                    length < 0
                            ? "NULL"
                            : word(body.readCharSequence(length, StandardCharsets.UTF_8)
                                    .toString()));
        }
        return "[" + String.join(" ", values) + "]";
    }

    private static String string(ByteBuf body) {
        int length = body.bytesBefore((byte) 0);
        String text = body.readCharSequence(length, StandardCharsets.UTF_8).toString();
        body.skipBytes(1);
        return text;
    }

    private static String word(String text) {
        return text.matches("[^\\s\"\\[\\],;%]+") && !text.matches(".*x{40,}.*") ? text : quoted(text);
    }

    private static String quoted(String text) {
        String shorter =
                LONG_FILLER.matcher(text).replaceAll(run -> "%{" + run.group().length() + "}");
        return "\"" + shorter.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    /** Returns true when a message is the expected one; an expected error may leave out parts. */
    public static boolean matches(Direction direction, String expected, String actual) {
        if (expected.startsWith("ErrorResponse") || expected.startsWith("NoticeResponse")) {
            List<String> parts = new Words(actual).rest;
            return new Words(actual).name.equals(new Words(expected).name)
                    && parts.containsAll(new Words(expected).rest);
        }
        return decode(direction, encode(direction, expected)).get(0).equals(actual);
    }

    /** The words of one message. */
    static final class Words {
        final String name;
        final List<String> rest = new ArrayList<>();
        private final List<@Nullable String> list = new ArrayList<>();
        private int next;

        Words(String message) {
            Matcher matcher = WORD.matcher(message);
            String first = "";
            boolean inList = false;
            while (matcher.find()) {
                String bare = matcher.group(3);
                String text = bare != null ? bare : unquoted(matcher.group(1));
                if (matcher.group(2) != null) {
                    inList = matcher.group(2).equals("[");
                } else if (inList) {
                    list.add("NULL".equals(bare) ? null : text);
                } else if (first.isEmpty()) {
                    first = text;
                } else {
                    rest.add(text);
                }
            }
            name = first;
        }

        private static String unquoted(@Nullable String text) {
            if (text == null) {
                return "";
            }
            String plain = BYTE.matcher(text)
                    .replaceAll(code -> String.valueOf((char) Integer.parseInt(code.group(1), 16)))
                    .replace("\\\"", "\"")
                    .replace("\\\\", "\\");
            return FILLER.matcher(plain).replaceAll(filler -> "x".repeat(Integer.parseInt(filler.group(1))));
        }

        boolean hasNext() {
            return next < rest.size();
        }

        String next() {
            if (!hasNext()) {
                throw new IllegalArgumentException(name + " needs more than " + rest);
            }
            return rest.get(next++);
        }

        @SuppressWarnings("NullAway")
        List<String> list() {
            return (List<String>) (List<?>) list;
        }
    }
}
