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

package io.github.ublk4j.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LostWrites;
import io.github.ublk4j.engine.linux.SharedFile;

/**
 * A disk in a regular file, or in a part of a block device that begins at its start.
 * <p>
 * While it is open the file is locked, so that no other server can serve it: exclusively,
 * or, read-only, shared with other read-only servers in other JVMs. The lock is an
 * advisory one of the process ({@code fcntl(2)}): other code in this JVM that opens and
 * closes the same file removes it.
 * <p>
 * <strong>As a disk</strong> the store moves its data by transfers on the ring of the
 * queue, in every data mode, and needs no thread of its own. What follows is for layers
 * that call it with buffers, and for systems without rings.
 * <p>
 * <strong>Threads.</strong> Requests begin when their {@code Mono} is subscribed, run on
 * the store's own daemon threads, and terminate there. There is no way to give the store
 * a scheduler: a {@link FileChannel} closes itself when its thread is interrupted, and a
 * scheduler interrupts.
 * <p>
 * <strong>Cancellation.</strong> A request that is cancelled before it has begun does
 * nothing. One that has begun runs to its end and uses its buffer until then; nobody is
 * told when. Whoever needs the buffer back must not cancel but await the end, or close
 * the store. Until a change that was cancelled has ended, other requests for its range
 * wait for it, so that it never lands on top of what was written after it.
 * <p>
 * <strong>Durability.</strong> A write is durable after a later FLUSH
 * ({@code fdatasync(2)}). The operating system reports a write that it has lost to one
 * flush only; after a flush or a durable write has failed, therefore, all later ones fail
 * until the store is opened again.
 */
public final class FileBlockStore implements BlockStore {

	private static final Logger logger = LoggerFactory.getLogger(FileBlockStore.class);

	private static final Set<BlockOperation> READ_ONLY = Collections.unmodifiableSet(EnumSet.of(BlockOperation.READ));

	private static final Set<BlockOperation> READ_WRITE = Collections
		.unmodifiableSet(EnumSet.allOf(BlockOperation.class));

	private final Path path;

	private final boolean readOnly;

	private final DiskFile file;

	private final PositionalFile io;

	private final RangeZeroer zeroer;

	private final BlockingIo threads;

	private final Duration closeTimeout;

	private final @Nullable SharedFile transferFile;

	private final LostWrites lostWrites;

	private boolean closed;

	private FileBlockStore(Builder builder, DiskFile file, RangeZeroer zeroer, @Nullable SharedFile transferFile) {
		this.path = builder.path;
		this.readOnly = builder.readOnly;
		this.file = file;
		this.io = new PositionalFile(builder.channelDecorator.apply(file.channel()));
		this.zeroer = zeroer;
		this.threads = new BlockingIo("The file store " + this.path, "ublk-file-" + this.path.getFileName(),
				builder.threads);
		this.closeTimeout = builder.closeTimeout;
		this.transferFile = transferFile;
		this.lostWrites = (transferFile != null) ? transferFile.lostWrites() : new LostWrites();
	}

	/**
	 * Begins to open a file.
	 * @param path a regular file or a block device
	 * @return a builder
	 */
	public static Builder at(Path path) {
		return new Builder(path);
	}

	/**
	 * Returns the file.
	 * @return the path that the store was opened with
	 */
	public Path path() {
		return this.path;
	}

	@Override
	public long size() {
		return this.file.size();
	}

	@Override
	public BlockDeviceHandler handler() {
		return (this.transferFile != null) ? new FileTransferHandler(this, BackingFiles.wrap(this.transferFile))
				: BlockStore.super.handler();
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.readOnly ? READ_ONLY : READ_WRITE;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		return run(BlockOperation.READ, offset, destination.remaining(), () -> this.io.read(destination, offset));
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return run(BlockOperation.WRITE, offset, source.remaining(), () -> this.io.write(source, offset));
	}

	@Override
	public Mono<Void> flush() {
		return run(BlockOperation.FLUSH, 0, 0, this::force);
	}

	private void force() throws IOException {
		requireNoLostWrites();
		try {
			this.io.force();
		}
		catch (IOException ex) {
			this.lostWrites.add(ex);
			throw ex;
		}
		// another flush at the same time may have been told of what this one asked for
		requireNoLostWrites();
	}

	private void requireNoLostWrites() throws IOException {
		Throwable earlier = this.lostWrites.first();
		if (earlier != null) {
			throw new IOException(LostWrites.explain(earlier), earlier);
		}
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return run(BlockOperation.DISCARD, offset, length, () -> zero(offset, length, true));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return run(BlockOperation.WRITE_ZEROES, offset, length, () -> zero(offset, length, mayUnmap));
	}

	private void zero(long offset, long length, boolean mayUnmap) throws IOException {
		if (!this.zeroer.zero(offset, length, mayUnmap)) {
			this.io.zero(offset, length);
		}
	}

	private Mono<Void> run(BlockOperation operation, long offset, long length, BlockingIo.Work work) {
		if (!operations().contains(operation)) {
			return Mono.error(new BlockIoException(BlockErrno.EOPNOTSUPP,
					operation + " is not supported: the file store " + this.path + " is read-only"));
		}
		BlockIoException violation = BlockIoException.outside(size(), offset, length);
		if (violation != null) {
			return Mono.error(violation);
		}
		boolean changes = operation != BlockOperation.READ && operation != BlockOperation.FLUSH;
		return this.threads.run(new BlockingIo.Range(offset, length, changes), () -> {
			try {
				work.run();
			}
			catch (IOException | RuntimeException | Error ex) {
				// An Error too: Reactor throws a fatal one instead of passing it on, and
				// the request would never end.
				throw new BlockIoException(errnoOf(ex), operation + " of " + length + " bytes at offset " + offset
						+ " of " + this.path + " failed: " + ex.getMessage(), ex);
			}
		});
	}

	/**
	 * Returns whether there are changes that were cancelled and run on. Transfers have to
	 * wait for those of their range.
	 */
	boolean hasLateChanges() {
		return this.threads.hasLateChanges();
	}

	/**
	 * Waits until no change that was cancelled runs on in a range.
	 */
	Mono<Void> awaitLateChanges(long offset, long length) {
		return this.threads.run(new BlockingIo.Range(offset, length, false), () -> {
		});
	}

	private static BlockErrno errnoOf(Throwable failure) {
		// Java passes on the text of an errno, but not its number.
		String message = String.valueOf(failure.getMessage());
		if (message.contains("No space left on device") || message.contains("quota exceeded")) {
			return BlockErrno.ENOSPC;
		}
		return BlockIoException.errnoOf(failure);
	}

	/**
	 * Closes the file. Requests and transfers that begin later fail with EIO; those that
	 * are running are awaited for 10 seconds. If they take longer, those that wait for a
	 * thread fail too, and the file stays open and locked until the last one ends.
	 * Nothing is flushed.
	 */
	@Override
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		long begun = System.nanoTime();
		if (this.transferFile != null) {
			this.transferFile.retire();
		}
		if (this.threads.close(this.closeTimeout)
				&& awaitTransfers(this.closeTimeout.minusNanos(System.nanoTime() - begun))) {
			closeFile();
			return;
		}
		logger.warn("I/O on {} is still running after {}; the file is closed when it ends", this.path,
				this.closeTimeout);
		// To close a channel waits, without a bound, for the threads inside it.
		Thread closer = new Thread(() -> {
			while (!this.threads.awaitEnd(Duration.ofDays(1)) || !awaitTransfers(Duration.ofDays(1))) {
				logger.warn("I/O on {} is still running", this.path);
			}
			closeFile();
		}, "ublk-file-" + this.path.getFileName() + "-close");
		closer.setDaemon(true);
		closer.start();
	}

	private boolean awaitTransfers(Duration bound) {
		return this.transferFile == null || this.transferFile.awaitUnused(bound);
	}

	private void closeFile() {
		this.zeroer.close();
		if (this.transferFile != null) {
			this.transferFile.close();
		}
		try {
			this.file.close();
		}
		catch (IOException ex) {
			logger.warn("Closing {} failed", this.path, ex);
		}
	}

	@Override
	public String toString() {
		return "file store " + this.path + (this.readOnly ? ", read-only" : "");
	}

	/**
	 * Collects how to open a file.
	 */
	public static final class Builder {

		private final Path path;

		private long size;

		private boolean createIfMissing = true;

		private boolean readOnly;

		private boolean directIo;

		private int threads = 16;

		private Duration closeTimeout = Duration.ofSeconds(10);

		private @Nullable RangeZeroer zeroer;

		private UnaryOperator<FileChannel> channelDecorator = UnaryOperator.identity();

		private Builder(Path path) {
			this.path = path;
		}

		/**
		 * Sets the capacity. The file may be larger; one that is smaller is refused, and
		 * never grown.
		 * @param bytes the size, or 0, the default, for that of the file
		 * @return this builder
		 */
		public Builder size(long bytes) {
			this.size = bytes;
			return this;
		}

		/**
		 * Sets whether a file that is missing is created, sparse, with the size given.
		 * @param createIfMissing default {@code true}; a read-only store creates nothing
		 * @return this builder
		 */
		public Builder createIfMissing(boolean createIfMissing) {
			this.createIfMissing = createIfMissing;
			return this;
		}

		/**
		 * Sets whether the file is only read.
		 * @param readOnly default {@code false}
		 * @return this builder
		 */
		public Builder readOnly(boolean readOnly) {
			this.readOnly = readOnly;
			return this;
		}

		/**
		 * Sets whether the disk passes the page cache by (O_DIRECT). Its logical block
		 * size must then be at least that of the file's own storage. Layers that call the
		 * store with buffers go through the page cache nevertheless.
		 * @param directIo default {@code false}
		 * @return this builder
		 */
		public Builder directIo(boolean directIo) {
			this.directIo = directIo;
			return this;
		}

		/**
		 * Sets how many requests can be at the operating system together; others wait.
		 * @param threads at least 1; default 16
		 * @return this builder
		 */
		public Builder threads(int threads) {
			this.threads = threads;
			return this;
		}

		Builder closeTimeout(Duration closeTimeout) {
			this.closeTimeout = closeTimeout;
			return this;
		}

		Builder zeroer(RangeZeroer zeroer) {
			this.zeroer = zeroer;
			return this;
		}

		Builder channelDecorator(UnaryOperator<FileChannel> channelDecorator) {
			this.channelDecorator = channelDecorator;
			return this;
		}

		/**
		 * Opens the file.
		 * @return the store
		 * @throws StoreUnavailableException if the file cannot be used, or is used by
		 * another server
		 */
		public FileBlockStore open() {
			if (this.size < 0 || this.threads < 1) {
				throw new IllegalArgumentException("A file store cannot have " + this.size + " bytes and "
						+ this.threads + " threads. Use a size of 0 or more and at least 1 thread.");
			}
			DiskFile file = DiskFile.open(this.path, this.size, this.createIfMissing, this.readOnly);
			RangeZeroer opened = RangeZeroer.NONE;
			try {
				opened = openZeroer();
				return new FileBlockStore(this, file, opened, openTransferFile());
			}
			catch (IOException ex) {
				file.release();
				throw new StoreUnavailableException(this.path + " cannot be used: " + ex.getMessage() + ".",
						"Check the limit on open files (ulimit -n) and the rights to the file.", ex);
			}
			catch (StoreUnavailableException ex) {
				opened.close();
				file.release();
				throw ex;
			}
		}

		private @Nullable SharedFile openTransferFile() {
			if (!this.directIo && !BackingFiles.areSupported()) {
				return null;
			}
			int access = this.readOnly ? LinuxFile.O_RDONLY : LinuxFile.O_RDWR;
			return BackingFiles.share(this.path, this.directIo ? access | LinuxFile.O_DIRECT : access);
		}

		private RangeZeroer openZeroer() throws IOException {
			if (this.zeroer != null) {
				return this.zeroer;
			}
			return this.readOnly ? RangeZeroer.NONE : FallocateZeroer.open(this.path);
		}

	}

}
