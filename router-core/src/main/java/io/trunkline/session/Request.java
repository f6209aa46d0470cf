// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.ExpectedReplies;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.Synthesis;
import io.trunkline.error.RouterError;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.routing.Target;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.wire.FrontendTag;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One client message and what the session understood of it. Reused; whoever fills the buffer in says whether it is retained.
 */
final class Request {
    byte tag;
    ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    int index;
    /** The whole message's bytes, tag included. */
    int messageBytes;
    /** Bytes of it that are in the buffer; fewer when the rest is still to be streamed. */
    int available;
    /** The parameters that its calls of set_config may set for the session; null when there are none or their names are not known. */
    @Nullable
    Set<String> configured;
    /** What it will be answered with; meaningless for messages that are owed nothing. */
    ExpectedReplies.Kind kind = ExpectedReplies.Kind.QUERY;

    /** Of a Bind: where the message goes on after the statement's name. */
    int tail;
    /** What routing knows of its text, for Query; for Bind and Execute that is the statement's. */
    @Nullable
    AnalyzedQuery analysis;
    /** Where it may run; null when it does not care. */
    @Nullable
    Target target;
    /** Where it would run on the shards of a dry run; null without one, and for what runs no statement. */
    @Nullable
    PlannedRoute planned;
    /**
     * It needs no backend as long as nothing else of its batch does: BEGIN before the shard is known, and its end; Parse of a statement that was
     * parsed before.
     */
    boolean deferrable;

    /** The prepared statement it is about; of a Query that of a translated PREPARE. */
    @Nullable
    PreparedStatement statement;

    /** What the client calls {@link #statement}; empty for the unnamed one. */
    String name = "";
    /** The text that is sent in place of the client's, for a Query. */
    byte @Nullable [] rewritten;
    /** The prepared statements that the text of a Query uses by name. */
    List<EditedText.Used> used = List.of();
    /** What is run behind it, unseen, for an Execute. */
    byte @Nullable [] followUp;
    /** What follows from its success or failure. */
    @Nullable
    ReplyEffect effect;
    /** The answer, when the router itself gives it. */
    @Nullable
    Synthesis answer;
    /** The error, when the router refuses it. */
    @Nullable
    RouterError refusal;

    void set(byte newTag, int length, ByteBuf newBuffer, int newIndex, int newAvailable) {
        tag = newTag;
        buffer = newBuffer;
        index = newIndex;
        messageBytes = length + 1;
        available = newAvailable;
        tail = 0;
        configured = null;
        analysis = null;
        target = null;
        planned = null;
        deferrable = false;
        statement = null;
        name = "";
        rewritten = null;
        used = List.of();
        followUp = null;
        effect = null;
        answer = null;
        refusal = null;
    }

    void clear() {
        buffer = Unpooled.EMPTY_BUFFER;
        configured = null;
        analysis = null;
        target = null;
        planned = null;
        statement = null;
        rewritten = null;
        used = List.of();
        followUp = null;
        effect = null;
        answer = null;
        refusal = null;
    }

    /** Takes over what another one says; the buffer gets a reference of its own. */
    void copy(Request other) {
        tag = other.tag;
        buffer = other.buffer.retain();
        index = other.index;
        messageBytes = other.messageBytes;
        available = other.available;
        kind = other.kind;
        tail = other.tail;
        configured = other.configured;
        analysis = other.analysis;
        target = other.target;
        deferrable = other.deferrable;
        statement = other.statement;
        name = other.name;
        rewritten = other.rewritten;
        used = other.used;
        followUp = other.followUp;
        effect = other.effect;
        answer = other.answer;
        refusal = other.refusal;
    }

    /** Returns true when the message is more than its tag and length. */
    boolean hasBody() {
        return messageBytes > 1 + Integer.BYTES;
    }

    /** Returns true when ReadyForQuery follows the answer, so that an error before it makes nothing void behind it. */
    boolean endsGroup() {
        return tag == FrontendTag.SYNC || tag == FrontendTag.QUERY || tag == FrontendTag.FUNCTION_CALL;
    }

    boolean isPartial() {
        return available < messageBytes;
    }
}
