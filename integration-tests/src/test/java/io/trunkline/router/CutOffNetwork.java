// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A network namespace behind a pair of virtual interfaces, which can stop answering as a machine without power does: no packet comes from it any
 * more, no FIN, no RST, no acknowledgement.
 *
 * <p>Needs root and {@code ip}; see {@link #missing}.
 */
final class CutOffNetwork implements AutoCloseable {
    /** The address of the tests' own side. */
    static final String NEAR = "10.213.7.1";
    /** The address that can fall silent. */
    static final String FAR = "10.213.7.2";

    private static final String PREFIX_LENGTH = "/30";

    private final String name = "tl" + ProcessHandle.current().pid();
    private final Deque<Process> forwarders = new ArrayDeque<>();
    private final Deque<TcpForwarder> nearForwarders = new ArrayDeque<>();

    /** Makes the namespace and its way here. */
    static CutOffNetwork create() {
        CutOffNetwork network = new CutOffNetwork();
        try {
            network.ip("netns", "add", network.name);
            network.ip("link", "add", network.near(), "type", "veth", "peer", "name", network.far());
            network.ip("link", "set", network.far(), "netns", network.name);
            network.ip("addr", "add", NEAR + PREFIX_LENGTH, "dev", network.near());
            network.ip("link", "set", network.near(), "up");
            network.ip("-n", network.name, "addr", "add", FAR + PREFIX_LENGTH, "dev", network.far());
            network.ip("-n", network.name, "link", "set", network.far(), "up");
            return network;
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    /** Returns why there can be none here, if so. */
    static Optional<String> missing() {
        try {
            if (run(List.of("id", "-u")).trim().equals("0")) {
                CutOffNetwork probe = create();
                probe.close();
                return Optional.empty();
            }
            return Optional.of("network namespaces need root");
        } catch (IllegalStateException e) {
            return Optional.of("no network namespace: " + e.getMessage());
        }
    }

    private String near() {
        return name + "n";
    }

    private String far() {
        return name + "f";
    }

    /** Returns the port on {@link #FAR} that leads to a port of this machine's loopback address. */
    int leadFromFarTo(int loopbackPort) {
        TcpForwarder back =
                TcpForwarder.start(new InetSocketAddress(NEAR, 0), new InetSocketAddress("127.0.0.1", loopbackPort));
        nearForwarders.add(back);
        return startFarForwarder(back.port());
    }

    /** Returns the port of this machine's loopback address that leads, through {@link #FAR}, to a port on {@link #NEAR}. */
    int leadThroughFarTo(int nearPort) {
        int farPort = startFarForwarder(nearPort);
        TcpForwarder there =
                TcpForwarder.start(new InetSocketAddress("127.0.0.1", 0), new InetSocketAddress(FAR, farPort));
        nearForwarders.add(there);
        return there.port();
    }

    private int startFarForwarder(int nearPort) {
        try {
            Process forwarder = new ProcessBuilder(
                            "ip",
                            "netns",
                            "exec",
                            name,
                            System.getProperty("java.home") + "/bin/java",
                            "-Xmx32m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            TcpForwarder.class.getName(),
                            FAR,
                            "0",
                            NEAR,
                            Integer.toString(nearPort))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            forwarders.add(forwarder);
            return Integer.parseInt(
                    new BufferedReader(new InputStreamReader(forwarder.getInputStream(), StandardCharsets.UTF_8))
                            .readLine());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nothing comes from {@link #FAR} any more. */
    void cut() {
        ip("-n", name, "route", "add", "blackhole", NEAR + "/32");
    }

    /** The way is there again. */
    void mend() {
        ip("-n", name, "route", "del", "blackhole", NEAR + "/32");
    }

    private String ip(String... arguments) {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        return run(command);
    }

    private static String run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + ": " + said.trim());
            }
            return said;
        } catch (IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        nearForwarders.forEach(TcpForwarder::close);
        forwarders.forEach(Process::destroyForcibly);
        for (List<String> command :
                List.of(List.of("ip", "link", "del", near()), List.of("ip", "netns", "del", name))) {
            try {
                run(command);
            } catch (IllegalStateException notMade) {
                // It was not created to its end.
            }
        }
    }
}
