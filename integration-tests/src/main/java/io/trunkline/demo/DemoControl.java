// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The socket on which another process asks the running demo to do something to a shard.
 *
 * <p>The servers are children of the demo's process, so that process does it. One request a connection, one line each way:
 *
 * <pre>
 * kill N      ends the primary by SIGKILL                             ok NAME
 * promote N   promotes the replica that has received most             ok NAME
 * publish N   publishes the roles as they are                         ok REVISION
 * rejoin N    makes servers that do not run replicas of the primary   ok NAME...
 * </pre>
 *
 * or {@code error} and why. Requests are served one after the other on the thread {@code demo-control}.
 */
final class DemoControl implements AutoCloseable {
    private final Demo demo;
    private final ServerSocketChannel socket;

    private DemoControl(Demo demo, ServerSocketChannel socket) {
        this.demo = demo;
        this.socket = socket;
    }

    static DemoControl start(Demo demo, Path path) {
        try {
            ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            socket.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            DemoControl control = new DemoControl(demo, socket);
            Thread thread = new Thread(control::serve, "demo-control");
            thread.setDaemon(true);
            thread.start();
            return control;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen on " + path, e);
        }
    }

    /** Sends a request to the demo that listens on the path and returns what follows {@code ok} in its answer. */
    static String ask(Path path, String request, int shard) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            channel.write(StandardCharsets.UTF_8.encode(request + " " + shard + "\n"));
            String answer = readLine(channel);
            if (!answer.startsWith("ok ")) {
                throw new FixtureException("the demo could not " + request + " shard " + shard + ": " + answer);
            }
            return answer.substring("ok ".length());
        } catch (IOException e) {
            throw new FixtureException("the demo does not answer on " + path + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void serve() {
        while (socket.isOpen()) {
            try (SocketChannel channel = socket.accept()) {
                ByteBuffer answer = StandardCharsets.UTF_8.encode(answer(readLine(channel)) + "\n");
                while (answer.hasRemaining()) {
                    channel.write(answer);
                }
            } catch (AsynchronousCloseException end) {
                return;
            } catch (ClosedChannelException end) {
                return;
            } catch (IOException e) {
                System.err.println("trunkline demo: a request on the control socket failed: " + e.getMessage());
            }
        }
    }

    private String answer(String line) {
        String[] words = line.split(" ", -1);
        try {
            if (words.length != 2) {
                throw new FixtureException("a word and a shard are wanted, not: " + line);
            }
            int shard = Integer.parseInt(words[1]);
            if (shard < 0 || shard >= demo.shards().shards().size()) {
                throw new FixtureException("there is no shard " + shard);
            }
            String done = perform(words[0], demo.shards().shard(shard));
            demo.writeState();
            return "ok " + done;
        } catch (RuntimeException e) {
            return "error " + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        }
    }

    private String perform(String word, PostgresCluster shard) {
        return switch (word) {
            case "kill" -> {
                if (shard.replicas().stream().noneMatch(PostgresServer::isRunning)) {
                    throw new FixtureException("no replica is running that could be promoted");
                }
                yield shard.killPrimary().name();
            }
            case "promote" -> {
                PostgresServer replica = shard.mostAdvancedReplica();
                shard.promote(replica);
                yield replica.name();
            }
            case "publish" -> Long.toString(demo.publish());
            case "rejoin" -> {
                StringBuilder names = new StringBuilder();
                for (PostgresServer server : shard.replicas()) {
                    if (!server.isRunning()) {
                        shard.rejoin(server);
                        names.append(names.isEmpty() ? "" : " ").append(server.name());
                    }
                }
                yield names.toString();
            }
            default -> throw new FixtureException("unknown request: " + word);
        };
    }

    private static String readLine(SocketChannel channel) throws IOException {
        String line = new BufferedReader(
                        new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8))
                .readLine();
        return line == null ? "" : line;
    }
}
