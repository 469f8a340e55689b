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

package io.github.ublk4j.spring.autoconfigure;

import java.time.Duration;
import java.util.List;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Properties of the layers of one disk. One that is not set at all is {@code null}.
 *
 * @param window Properties of the layer "window".
 * @param delay Properties of the layer "delay".
 * @param error Properties of the layer "error".
 * @param pause Properties of the layer "pause".
 * @param rateLimit Properties of the layer "rate-limit".
 * @param cache Properties of the layer "cache".
 * @param readahead Properties of the layer "readahead".
 * @param checksum Properties of the layer "checksum".
 * @param copyOnWrite Properties of the layer "copy-on-write".
 * @param encrypt Properties of the layer "encrypt".
 * @param retry Properties of the layer "retry".
 * @param timeout Properties of the layer "timeout".
 * @param log Properties of the layer "log".
 */
public record LayerProperties(@Nullable Window window, @Nullable Delay delay, @Nullable Errors error,
		@Nullable Pause pause, @Nullable Rate rateLimit, @Nullable Cache cache, @Nullable Readahead readahead,
		@Nullable Checksum checksum, @Nullable CopyOnWrite copyOnWrite, @Nullable Encrypt encrypt,
		@Nullable Retries retry, @Nullable Timeout timeout, @Nullable Log log) {

	static final LayerProperties UNSET = new LayerProperties(null, null, null, null, null, null, null, null, null, null,
			null, null, null);

	/**
	 * Properties of the layer "window".
	 *
	 * @param offset Where the window begins in the store below.
	 */
	public record Window(@DefaultValue("0B") DataSize offset) {

	}

	/**
	 * Properties of the layer "delay".
	 *
	 * @param read How long reads wait.
	 * @param write How long writes wait.
	 * @param flush How long flushes wait.
	 * @param discard How long discards wait.
	 * @param writeZeroes How long requests to write zeros wait.
	 */
	public record Delay(@DefaultValue("0s") Duration read, @DefaultValue("0s") Duration write,
			@DefaultValue("0s") Duration flush, @DefaultValue("0s") Duration discard,
			@DefaultValue("0s") Duration writeZeroes) {

		static final Delay UNSET = new Delay(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);

	}

	/**
	 * Properties of the layer "error".
	 *
	 * @param operations Which requests fail. All by default.
	 * @param offset Where the range that fails begins.
	 * @param length Length of that range, 0 for all up to the end.
	 * @param rate Part of the requests that fails, from 0 to 1.
	 * @param errno What they fail with.
	 * @param seed What the choice is drawn from.
	 */
	public record Errors(@DefaultValue List<BlockOperation> operations, @DefaultValue("0B") DataSize offset,
			@DefaultValue("0B") DataSize length, @DefaultValue("0") double rate, @DefaultValue("eio") BlockErrno errno,
			@DefaultValue("0") long seed) {

		static final Errors UNSET = new Errors(List.of(), DataSize.ofBytes(0), DataSize.ofBytes(0), 0, BlockErrno.EIO,
				0);

	}

	/**
	 * Properties of the layer "pause".
	 *
	 * @param paused Whether requests wait from the start.
	 */
	public record Pause(@DefaultValue("false") boolean paused) {

	}

	/**
	 * Properties of the layer "rate-limit".
	 *
	 * @param bytesPerSecond Bytes read and written per second. No limit by default.
	 * @param operationsPerSecond Requests per second. No limit by default.
	 * @param burst After how long an idleness the full credit is there.
	 */
	public record Rate(@Nullable DataSize bytesPerSecond, @Nullable Long operationsPerSecond,
			@DefaultValue("100ms") Duration burst) {

		static final Rate UNSET = new Rate(null, null, Duration.ofMillis(100));

	}

	/**
	 * Properties of the layer "cache".
	 *
	 * @param mode When the store below gets what is written.
	 * @param capacity How much is held that the store below has too.
	 * @param blockSize Unit of the cache, a power of two from 512B to 1MB.
	 * @param dirtyLimit How much a write-back cache holds that the store below does not
	 * have yet.
	 */
	public record Cache(@DefaultValue("write-through") CacheMode mode, @DefaultValue("64MB") DataSize capacity,
			@DefaultValue("16KB") DataSize blockSize, @DefaultValue("16MB") DataSize dirtyLimit) {

		static final Cache UNSET = new Cache(CacheMode.WRITE_THROUGH, DataSize.ofMegabytes(64),
				DataSize.ofKilobytes(16), DataSize.ofMegabytes(16));

	}

	/**
	 * When the store below a cache gets what is written.
	 */
	public enum CacheMode {

		/** Before the write completes. */
		WRITE_THROUGH,

		/** At a flush, or before. */
		WRITE_BACK

	}

	/**
	 * Properties of the layer "readahead".
	 *
	 * @param window How far it reads ahead of those who read one range after the other.
	 * @param capacity How much it holds; there can be one such reader for each window
	 * that fits in.
	 * @param blockSize Unit that is read, a power of two from 4KB to 1MB.
	 */
	public record Readahead(@DefaultValue("1MB") DataSize window, @DefaultValue("16MB") DataSize capacity,
			@DefaultValue("128KB") DataSize blockSize) {

		static final Readahead UNSET = new Readahead(DataSize.ofMegabytes(1), DataSize.ofMegabytes(16),
				DataSize.ofKilobytes(128));

	}

	/**
	 * Properties of the layer "checksum".
	 *
	 * @param file File that keeps the checksums, so that they outlive the process. In
	 * memory by default.
	 */
	public record Checksum(@Nullable String file) {

	}

	/**
	 * Properties of the layer "copy-on-write".
	 *
	 * @param overlay Where writes go, "memory" or "file:/path".
	 * @param blockSize Unit that is copied, a power of two from 512B to 1MB.
	 */
	public record CopyOnWrite(@DefaultValue("memory") String overlay, @DefaultValue("64KB") DataSize blockSize) {

		static final CopyOnWrite UNSET = new CopyOnWrite("memory", DataSize.ofKilobytes(64));

	}

	/**
	 * Properties of the layer "encrypt".
	 *
	 * @param key 64 random bytes (AES-256) or 32 (AES-128) in Base64, "file:/path" of a
	 * file that contains them so, or "bundle:name#alias" of a secret key of so many bytes
	 * in the key store of an SSL bundle.
	 * @param sectorSize Unit of encryption, 512B or 4KB; at most the logical-block-size.
	 */
	public record Encrypt(@Nullable String key, @DefaultValue("512B") DataSize sectorSize) {

		static final Encrypt UNSET = new Encrypt(null, DataSize.ofBytes(512));

		@Override
		public String toString() {
			return "Encrypt[key=******, sectorSize=" + this.sectorSize + "]";
		}

	}

	/**
	 * Properties of the layer "retry".
	 *
	 * @param attempts How often a request is tried again.
	 * @param firstBackoff Pause before the first attempt; it doubles each time.
	 * @param maxBackoff Longest pause.
	 */
	public record Retries(@DefaultValue("3") int attempts, @DefaultValue("100ms") Duration firstBackoff,
			@DefaultValue("5s") Duration maxBackoff) {

		static final Retries UNSET = new Retries(3, Duration.ofMillis(100), Duration.ofSeconds(5));

	}

	/**
	 * Properties of the layer "timeout".
	 *
	 * @param after How long a request may take.
	 */
	public record Timeout(@DefaultValue("30s") Duration after) {

		static final Timeout UNSET = new Timeout(Duration.ofSeconds(30));

	}

	/**
	 * Properties of the layer "log".
	 *
	 * @param level Level of the lines.
	 */
	public record Log(@DefaultValue("debug") Level level) {

		static final Log UNSET = new Log(Level.DEBUG);

	}

}
