// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** Client messages as the bytes of their frames, written independently of the router's own encoders. */
public final class ClientMessage {
    private interface Body {
        void writeTo(DataOutputStream out) throws IOException;
    }

    private ClientMessage() {}

    public static byte[] query(String sql) {
        return frame('Q', out -> string(out, sql));
    }

    public static byte[] parse(String name, String sql, int... types) {
        return frame('P', out -> {
            string(out, name);
            string(out, sql);
            out.writeShort(types.length);
            for (int type : types) {
                out.writeInt(type);
            }
        });
    }

    /** Bind with every parameter and every result column as text. */
    public static byte[] bind(String portal, String statement, @Nullable String... parameters) {
        byte[][] values = new byte[parameters.length][];
        for (int i = 0; i < parameters.length; i++) {
            String parameter = parameters[i];
            values[i] = parameter == null ? null : parameter.getBytes(UTF_8);
        }
        return bind(portal, statement, new int[0], values, new int[0]);
    }

    public static byte[] bind(
            String portal, String statement, int[] formats, byte[][] parameters, int[] resultFormats) {
        return frame('B', out -> {
            string(out, portal);
            string(out, statement);
            shorts(out, formats);
            out.writeShort(parameters.length);
            for (byte[] parameter : parameters) {
                out.writeInt(parameter == null ? -1 : parameter.length);
                if (parameter != null) {
                    out.write(parameter);
                }
            }
            shorts(out, resultFormats);
        });
    }

    static byte[] describeStatement(String name) {
        return named('D', 'S', name);
    }

    public static byte[] describePortal(String name) {
        return named('D', 'P', name);
    }

    static byte[] closeStatement(String name) {
        return named('C', 'S', name);
    }

    static byte[] closePortal(String name) {
        return named('C', 'P', name);
    }

    public static byte[] execute(String portal, int rowsMax) {
        return frame('E', out -> {
            string(out, portal);
            out.writeInt(rowsMax);
        });
    }

    static byte[] flush() {
        return frame('H', out -> {});
    }

    public static byte[] sync() {
        return frame('S', out -> {});
    }

    static byte[] terminate() {
        return frame('X', out -> {});
    }

    public static byte[] copyData(String text) {
        return frame('d', out -> out.write(text.getBytes(UTF_8)));
    }

    public static byte[] copyDone() {
        return frame('c', out -> {});
    }

    public static byte[] copyFail(String reason) {
        return frame('f', out -> string(out, reason));
    }

    /** FunctionCall with binary arguments and result. */
    static byte[] functionCall(int function, byte[]... arguments) {
        return frame('F', out -> {
            out.writeInt(function);
            shorts(out, new int[] {1});
            out.writeShort(arguments.length);
            for (byte[] argument : arguments) {
                out.writeInt(argument.length);
                out.write(argument);
            }
            out.writeShort(1);
        });
    }

    /** A frame of any type with any body. */
    static byte[] raw(char type, byte... body) {
        return frame(type, out -> out.write(body));
    }

    private static byte[] named(char type, char what, String name) {
        return frame(type, out -> {
            out.writeByte(what);
            string(out, name);
        });
    }

    private static byte[] frame(char type, Body body) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            body.writeTo(new DataOutputStream(bytes));
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(frame);
            out.writeByte(type);
            out.writeInt(bytes.size() + Integer.BYTES);
            bytes.writeTo(out);
            return frame.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void string(DataOutputStream out, String text) throws IOException {
        out.write(text.getBytes(UTF_8));
        out.writeByte(0);
    }

    private static void shorts(DataOutputStream out, int[] values) throws IOException {
        out.writeShort(values.length);
        for (int value : values) {
            out.writeShort(value);
        }
    }
}
