// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.admin;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the requests of one connection: GET and HEAD on the known paths, POST where there is something to do. */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger log = LoggerFactory.getLogger(AdminHandler.class);

    private final Map<String, AdminSource> sources;

    AdminHandler(Map<String, AdminSource> sources) {
        this.sources = sources;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        AdminPage page = page(request);
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(page.status()),
                ByteBufUtil.writeUtf8(context.alloc(), page.body()));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, page.contentType());
        response.headers().set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        HttpUtil.setContentLength(response, response.content().readableBytes());
        if (request.method().equals(HttpMethod.HEAD)) {
            response.content().clear();
        }
        boolean keepAlive =
                HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
        HttpUtil.setKeepAlive(response, keepAlive);
        var written = context.writeAndFlush(response);
        if (!keepAlive) {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private AdminPage page(FullHttpRequest request) {
        if (!request.decoderResult().isSuccess()) {
            return AdminPage.problem(400, "malformed request\n");
        }
        HttpMethod method = request.method();
        boolean get = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
        if (!get && !method.equals(HttpMethod.POST)) {
            return AdminPage.problem(405, "only GET, HEAD and POST\n");
        }
        QueryStringDecoder uri = new QueryStringDecoder(request.uri());
        Map<String, List<String>> parameters;
        List<String> words;
        try {
            parameters = uri.parameters();
            words = List.of(uri.path().split("/", -1));
        } catch (IllegalArgumentException badEscape) {
            return AdminPage.problem(400, "malformed request\n");
        }
        String path = words.size() < 2 ? uri.path() : "/" + words.get(1);
        List<String> rest = words.size() < 2 ? List.of() : words.subList(2, words.size());
        AdminSource source = sources.get(path);
        if (source == null || get && !rest.isEmpty()) {
            return AdminPage.problem(
                    404, "no such page; there are " + String.join(" ", new TreeSet<>(sources.keySet())) + "\n");
        }
        try {
            AdminRequest asked = new AdminRequest(rest, parameters);
            return get ? source.get(asked) : source.post(asked);
        } catch (RuntimeException e) {
            log.atError().setCause(e).addKeyValue("path", path).log("admin page failed");
            return AdminPage.problem(500, "internal error, see the log\n");
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof IdleStateEvent) {
            context.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException)) {
            log.atWarn().setCause(cause).log("admin connection failed");
        }
        context.close();
    }
}
