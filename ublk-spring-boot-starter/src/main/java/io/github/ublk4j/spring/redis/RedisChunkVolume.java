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

import java.util.function.Function;
import java.util.regex.Pattern;

import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.github.ublk4j.store.chunk.VolumeDescriptor;
import reactor.core.publisher.Mono;

import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;

/**
 * A volume in Redis or Valkey: a key for each chunk that is not all zeros, and two for
 * its descriptor and its holder. All have the hash tag of the volume, so that a cluster
 * keeps them together.
 * <p>
 * A chunk is changed by a script that looks at the token first, so a server that has lost
 * the volume changes nothing. Data is as durable as the server makes it
 * ({@code appendonly}, {@code appendfsync}); a flush adds nothing. A server that evicts
 * keys is refused.
 */
public final class RedisChunkVolume implements ChunkVolume {

	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,128}");

	private static final String POLICY = "maxmemory_policy";

	private final RedisScripts scripts;

	private final String name;

	/**
	 * Names a volume. Nothing is opened or made.
	 * @param connections the server; closed by its owner, after the store
	 * @param name up to 128 letters, digits, '.', '_' and '-'
	 */
	public RedisChunkVolume(ReactiveRedisConnectionFactory connections, String name) {
		if (!NAME.matcher(name).matches()) {
			throw new IllegalArgumentException("A volume in Redis cannot be named '" + name
					+ "'. Use up to 128 letters, digits, '.', '_' and '-'.");
		}
		this.scripts = new RedisScripts(connections, "ublk:{" + name + "}:");
		this.name = name;
	}

	@Override
	public Mono<VolumeDescriptor> describe() {
		return this.scripts.run(RedisScripts.DESCRIBE, RedisScripts.VOLUME)
			.filter((text) -> !text.isEmpty())
			.map(this::parse);
	}

	private VolumeDescriptor parse(String text) {
		return VolumeDescriptor.parse(text, "key " + this.scripts.key(RedisScripts.VOLUME));
	}

	@Override
	public Mono<VolumeDescriptor> createIfAbsent(VolumeDescriptor descriptor) {
		return this.scripts.run(RedisScripts.CREATE, RedisScripts.VOLUME, descriptor.text()).map(this::parse);
	}

	@Override
	public Mono<ChunkStore> claim(VolumeClaim claim) {
		Mono<ChunkStore> claimed = claim.readOnly() ? Mono.just(new RedisChunkStore(this.scripts, claim, 0))
				: this.scripts
					.run(RedisScripts.CLAIM, "fence", claim.holder(), String.valueOf(claim.lease().toMillis()),
							claim.takeOver() ? "1" : "0")
					.map((answer) -> claimed(claim, answer));
		return requireNoEviction().then(claimed);
	}

	private ChunkStore claimed(VolumeClaim claim, String answer) {
		String[] parts = answer.split(" ", 3);
		if (parts[0].equals("token")) {
			return new RedisChunkStore(this.scripts, claim, Long.parseLong(parts[1]));
		}
		throw new StoreUnavailableException("The " + this + " is served by " + parts[2] + ".",
				"Stop it; if it has died, wait " + (Long.parseLong(parts[1]) + 999) / 1000
						+ " seconds; or take the volume over (chunks.take-over).");
	}

	/**
	 * A chunk that has been evicted would read as zeros. A server that does not tell, as
	 * some that are rented, is taken to evict nothing.
	 */
	private Mono<Void> requireNoEviction() {
		return this.scripts.info("memory")
			.flatMapIterable(Function.identity())
			.mapNotNull((memory) -> memory.getProperty(POLICY))
			.filter((policy) -> policy.startsWith("allkeys"))
			.next()
			.flatMap((policy) -> Mono.error(new StoreUnavailableException(
					"The " + this + " could lose data: the server evicts any key when its memory is full "
							+ "(maxmemory-policy=" + policy + ").",
					"Set maxmemory-policy to noeviction, or use another server.")));
	}

	@Override
	public String toString() {
		return "Redis volume " + this.name;
	}

}
