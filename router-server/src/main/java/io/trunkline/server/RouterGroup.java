// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.server.config.CancelConfig;
import io.trunkline.session.CancelRegistry;
import io.trunkline.topology.zookeeper.RouterNumber;
import io.trunkline.transport.PeerRouters;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This router's place among the routers of its group: hands on its number to the keys, and the others' addresses to who passes requests on. */
final class RouterGroup implements RouterNumber.Listener {
    private static final Logger log = LoggerFactory.getLogger(RouterGroup.class);

    private final CancelRegistry cancels;
    private final PeerRouters peers;

    /** Begins with what the configuration says. */
    RouterGroup(CancelConfig config, CancelRegistry cancels, PeerRouters peers) {
        this.cancels = cancels;
        this.peers = peers;
        cancels.routerNumber(config.number());
        Map<Integer, PeerRouters.Address> configured = new HashMap<>();
        config.peers()
                .forEach((number, peer) ->
                        configured.put(Integer.valueOf(number), new PeerRouters.Address(peer.host(), peer.port())));
        peers.addresses(configured);
    }

    @Override
    public void onNumber(int number) {
        cancels.routerNumber(number);
    }

    @Override
    public void onAddresses(Map<Integer, String> byNumber) {
        Map<Integer, PeerRouters.Address> addresses = new HashMap<>();
        byNumber.forEach((number, text) -> {
            int colon = text.lastIndexOf(':');
            try {
                addresses.put(
                        number,
                        new PeerRouters.Address(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1))));
            } catch (IndexOutOfBoundsException | NumberFormatException e) {
                log.warn("router {} has an address that is none: {}", number, text);
            }
        });
        peers.addresses(addresses);
    }

    /** Returns where the other routers reach this one, {@code host:port}. */
    static String address(CancelConfig config, InetSocketAddress listening) {
        if (config.address() != null) {
            return config.address();
        }
        InetAddress bound = listening.getAddress();
        String host = bound != null && bound.isAnyLocalAddress() ? machineAddress() : listening.getHostString();
        return host + ":" + listening.getPort();
    }

    private static String machineAddress() {
        InetAddress address;
        try {
            address = InetAddress.getLocalHost();
        } catch (UnknownHostException e) {
            address = InetAddress.getLoopbackAddress();
        }
        if (address.isLoopbackAddress()) {
            log.warn(
                    "other machines cannot pass cancel requests on to {}: set cancel.address",
                    address.getHostAddress());
        }
        return address.getHostAddress();
    }
}
