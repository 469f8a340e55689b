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

package io.github.ublk4j.store.chunk;

import java.time.Duration;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The token that this server writes with. A new one is taken after every change whose
 * outcome is unknown, so that it cannot take effect after later ones, nor after it was
 * read that it has not.
 */
final class VolumeFence {

	private static final Logger logger = LoggerFactory.getLogger(VolumeFence.class);

	private final ChunkVolume volume;

	private final ChunkStore chunks;

	private final AnswerTimeout timeout;

	private long token;

	private volatile boolean suspect;

	private @Nullable Mono<Long> renewal;

	private volatile @Nullable FencedException loss;

	VolumeFence(ChunkVolume volume, ChunkStore chunks, Duration timeout) {
		this.volume = volume;
		this.chunks = chunks;
		this.timeout = new AnswerTimeout(timeout);
		this.token = chunks.token();
	}

	/**
	 * Returns why this server must not use the volume any more, {@code null} as long as
	 * it may.
	 */
	@Nullable FencedException loss() {
		return this.loss;
	}

	/**
	 * Returns the token to write with, a new one if there may be changes of the old one
	 * under way.
	 */
	Mono<Long> current() {
		return Mono.defer(this::tokenOrRenewal);
	}

	/**
	 * Waits until no change that has failed can take effect any more, not at all if none
	 * has. Whoever reads before that might read what does not stay.
	 */
	Mono<Void> settled() {
		return Mono.defer(() -> this.suspect ? tokenOrRenewal().then() : Mono.empty());
	}

	private synchronized Mono<Long> tokenOrRenewal() {
		FencedException lost = this.loss;
		if (lost != null) {
			return Mono.error(lost);
		}
		if (!this.suspect) {
			return Mono.just(this.token);
		}
		Mono<Long> running = this.renewal;
		if (running == null) {
			// without a cancellation, and shared by all who wait for it
			running = this.timeout.of(this.chunks.nextToken().switchIfEmpty(Mono.error(this::noToken)))
				.doOnNext(this::renewed)
				.doOnError(this::notRenewed)
				.cache();
			this.renewal = running;
		}
		return running;
	}

	/** Without one, a change would be skipped, and taken to be stored. */
	private IllegalStateException noToken() {
		return new IllegalStateException(
				"ChunkStore.nextToken() of the " + this.volume + " has completed without a token");
	}

	private synchronized void renewed(long next) {
		this.token = next;
		this.suspect = false;
		this.renewal = null;
	}

	private synchronized void notRenewed(Throwable failure) {
		this.renewal = null;
		check(failure);
	}

	/**
	 * Notes that a change with a token has failed, and may still take effect.
	 */
	synchronized void suspect(long used) {
		if (used == this.token) {
			this.suspect = true;
		}
	}

	/**
	 * Returns whether a change that has failed with a token cannot take effect any more,
	 * because another one is in use.
	 */
	synchronized boolean isRenewedAfter(long used) {
		return used != this.token;
	}

	/**
	 * Gives a sign of life. Never fails.
	 */
	Mono<Void> renewLease() {
		return this.timeout.of(this.chunks.renewLease()).onErrorResume((failure) -> {
			if (!check(failure)) {
				logger.warn("The lease of the {} was not renewed: {}", this.volume, failure.getMessage());
			}
			return Mono.empty();
		});
	}

	private boolean check(Throwable failure) {
		if (failure instanceof FencedException fenced && this.loss == null) {
			this.loss = new FencedException("The " + this.volume + " is lost to another server: " + fenced.getMessage()
					+ ". All requests fail until the disk is started again");
			logger.error("The {} is lost to another server, every request fails from now on: {}", this.volume,
					fenced.getMessage());
		}
		return this.loss != null;
	}

}
