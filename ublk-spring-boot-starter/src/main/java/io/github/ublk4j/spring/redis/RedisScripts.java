/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.function.Function;
import java.util.regex.Pattern;

import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

import org.springframework.data.redis.connection.ReactiveRedisClusterConnection;
import org.springframework.data.redis.connection.ReactiveRedisConnection;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;
import org.springframework.data.redis.connection.RedisClusterNode;
import org.springframework.data.redis.connection.ReturnType;

/**
 * What is asked of the server. Scripts answer with one string, of words.
 */
final class RedisScripts {

	private static final Logger logger = LoggerFactory.getLogger(RedisScripts.class);

	/** Less than opening a disk may take. */
	private static final Duration ANSWER_OF_NODE = Duration.ofSeconds(5);

	static final String VOLUME = "volume";

	static final String CHUNK = "chunk:";

	static final String DESCRIBE = "return redis.call('GET', KEYS[1]) or ''";

	static final String CREATE = """
			redis.call('SETNX', KEYS[1], ARGV[1])
			return redis.call('GET', KEYS[1])
			""";

	private static final String NOW = """
			local time = redis.call('TIME')
			local now = time[1] * 1000 + math.floor(time[2] / 1000)
			""";

	/** Of holder, lease in milliseconds, whether to take over. */
	static final String CLAIM = NOW + """
			local fence = redis.call('HMGET', KEYS[1], 'holder', 'until')
			if fence[1] and tonumber(fence[2]) > now and ARGV[3] == '0' then
			  return 'held ' .. string.format('%.0f', fence[2] - now) .. ' ' .. fence[1]
			end
			redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
			return 'token ' .. redis.call('HINCRBY', KEYS[1], 'token', 1)
			""";

	private static final String REQUIRE_HOLDER = """
			local holder = redis.call('HGET', KEYS[1], 'holder')
			if holder ~= ARGV[1] then
			  return 'lost ' .. (holder or 'nobody')
			end
			""";

	/** What is answered where a token that has been given out is not known. */
	static final String BEHIND = "behind";

	/**
	 * Of anything, the last token. A replica that is promoted may not have got it, and
	 * would give it out again.
	 */
	private static final String REQUIRE_NOT_BEHIND = """
			if tonumber(redis.call('HGET', KEYS[1], 'token') or 0) < tonumber(ARGV[2]) then
			  return 'behind'
			end
			""";

	/** Of holder, last token. */
	static final String NEXT_TOKEN = REQUIRE_HOLDER + REQUIRE_NOT_BEHIND + """
			return 'token ' .. redis.call('HINCRBY', KEYS[1], 'token', 1)
			""";

	/** Of holder, last token, lease in milliseconds. */
	static final String RENEW_LEASE = REQUIRE_HOLDER + REQUIRE_NOT_BEHIND + NOW + """
			redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[3]))
			return 'renewed'
			""";

	/** Of holder. The token stays: it must never be given out again. */
	static final String RELEASE = REQUIRE_HOLDER + """
			redis.call('HDEL', KEYS[1], 'holder', 'until')
			return 'released'
			""";

	/** The beginning of the error that a server answers which has lost the volume. */
	static final String GONE = "UBLKGONE";

	/**
	 * Where nothing is found there is nothing to read, or there is no volume any more.
	 */
	private static final String REQUIRE_VOLUME = """
			if redis.call('EXISTS', KEYS[1]) == 0 then
			  return redis.error_reply('UBLKGONE its keys are not there any more: the server has lost its data')
			end
			""";

	/** Of first and last chunk; the last key is that of a chunk without its number. */
	private static final String EXISTING = REQUIRE_VOLUME + """
			local found = {}
			for index = tonumber(ARGV[1]), tonumber(ARGV[2]) do
			  local number = string.format('%.0f', index)
			  if redis.call('EXISTS', KEYS[2] .. number) == 1 then
			    found[#found + 1] = number
			  end
			end
			return table.concat(found, ' ')
			""";

	/** A script, since a client may be set up to read from replicas, which lag behind. */
	private static final String GET_RANGE = """
			local data = redis.call('GETRANGE', KEYS[2], ARGV[1], ARGV[2])
			if data ~= '' then
			  return data
			end
			""" + REQUIRE_VOLUME + """
			return data
			""";

	/**
	 * The holder too: a replica that did not know of the token when it was promoted may
	 * have given the same one to somebody else.
	 */
	private static final String REQUIRE_TOKEN = """
			local fence = redis.call('HMGET', KEYS[1], 'token', 'holder')
			if fence[1] ~= ARGV[1] or fence[2] ~= ARGV[2] then
			  return 'lost ' .. (fence[2] or 'nobody')
			end
			""";

	/** Of token, holder, chunk. */
	static final String PUT = REQUIRE_TOKEN + """
			redis.call('SET', KEYS[2], ARGV[3])
			return 'stored'
			""";

	/** Of token, holder. */
	static final String DELETE = REQUIRE_TOKEN + """
			redis.call('DEL', KEYS[2])
			return 'deleted'
			""";

	/**
	 * Refusals that pass, of servers that have done nothing. While a cluster moves the
	 * keys of a volume, one server may have the fence and another the chunk. While one of
	 * its servers has died and is not replaced yet, all of them refuse everything. A
	 * server that wants replicas for its writes does not find them at once after it was
	 * promoted.
	 */
	private static final Pattern PASSING = Pattern.compile("^(TRYAGAIN|CLUSTERDOWN) |\\bNOREPLICAS ");

	/**
	 * Who waits for the answer decides how long; less and less often, since each attempt
	 * carries a chunk.
	 */
	private static final Retry UNTIL_SERVED = Retry.backoff(Long.MAX_VALUE, Duration.ofMillis(50))
		.maxBackoff(Duration.ofSeconds(1))
		.filter((failure) -> PASSING.matcher(answerOf(failure)).find());

	private final ReactiveRedisConnectionFactory connections;

	private final String prefix;

	RedisScripts(ReactiveRedisConnectionFactory connections, String prefix) {
		this.connections = connections;
		this.prefix = prefix;
	}

	String key(String suffix) {
		return this.prefix + suffix;
	}

	Mono<String> run(String script, String keySuffix, String... arguments) {
		ByteBuffer[] keyAndArguments = new ByteBuffer[1 + arguments.length];
		keyAndArguments[0] = utf8(key(keySuffix));
		for (int i = 0; i < arguments.length; i++) {
			keyAndArguments[1 + i] = utf8(arguments[i]);
		}
		return eval(script, 1, keyAndArguments).map(RedisScripts::text);
	}

	/**
	 * Changes a chunk.
	 * @param arguments token, holder and, for a put, the data
	 */
	Mono<String> change(String script, long index, ByteBuffer... arguments) {
		ByteBuffer[] keysAndArguments = new ByteBuffer[2 + arguments.length];
		keysAndArguments[0] = utf8(key("fence"));
		keysAndArguments[1] = chunkKey(index);
		System.arraycopy(arguments, 0, keysAndArguments, 2, arguments.length);
		return eval(script, 2, keysAndArguments).map(RedisScripts::text);
	}

	private Mono<ByteBuffer> eval(String script, int keys, ByteBuffer... keysAndArguments) {
		return ask((connection) -> connection.scriptingCommands()
			.<ByteBuffer>eval(utf8(script), ReturnType.VALUE, keys, keysAndArguments)
			.next()).retryWhen(UNTIL_SERVED);
	}

	private static String text(ByteBuffer answer) {
		return StandardCharsets.UTF_8.decode(answer).toString();
	}

	Mono<ByteBuffer> getRange(long index, int offset, int length) {
		return eval(GET_RANGE, 2, utf8(key(VOLUME)), chunkKey(index), utf8(String.valueOf(offset)),
				utf8(String.valueOf((long) offset + length - 1)));
	}

	/**
	 * Finds chunks.
	 * @return their numbers, with spaces between them
	 */
	Mono<String> existing(long first, long last) {
		return eval(EXISTING, 2, utf8(key(VOLUME)), utf8(key(CHUNK)), utf8(String.valueOf(first)),
				utf8(String.valueOf(last)))
			.map(RedisScripts::text);
	}

	/**
	 * Asks every server for what it tells of itself.
	 * @return an answer of each; of a cluster, of those that answer: one that has died
	 * stays a member of it
	 */
	Mono<List<Properties>> info(String section) {
		return ask((connection) -> ((connection instanceof ReactiveRedisClusterConnection cluster)
				? cluster.clusterGetNodes().flatMap((node) -> info(cluster, node, section))
				: connection.serverCommands().info(section).flux())
			.collectList());
	}

	private static Mono<Properties> info(ReactiveRedisClusterConnection cluster, RedisClusterNode node,
			String section) {
		return Mono.defer(() -> cluster.serverCommands().info(node, section))
			.timeout(ANSWER_OF_NODE)
			.onErrorResume((failure) -> {
				logger.warn("Node {} of the Redis Cluster cannot be asked whether it evicts keys: {}", node.asString(),
						answerOf(failure));
				return Mono.empty();
			});
	}

	private <T> Mono<T> ask(Function<ReactiveRedisConnection, Publisher<T>> question) {
		return Mono.usingWhen(Mono.fromSupplier(this.connections::getReactiveConnection),
				(connection) -> Mono.from(question.apply(connection)), ReactiveRedisConnection::closeLater);
	}

	private ByteBuffer chunkKey(long index) {
		return utf8(key(CHUNK + index));
	}

	/** What the server has said, if it was the server that failed. */
	static String answerOf(Throwable failure) {
		Throwable cause = failure;
		while (cause.getCause() != null) {
			cause = cause.getCause();
		}
		return String.valueOf(cause.getMessage());
	}

	static ByteBuffer utf8(String text) {
		return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

}
