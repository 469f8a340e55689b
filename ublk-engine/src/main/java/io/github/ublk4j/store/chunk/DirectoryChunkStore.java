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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;

/**
 * Chunks as files, in groups, so that no directory becomes too large.
 */
final class DirectoryChunkStore implements ChunkStore {

	private static final int GROUP_SHIFT = 10;

	private final Path directory;

	private final DirectoryLock lock;

	private final Scheduler scheduler;

	private final AtomicLong unfinished = new AtomicLong();

	/** Read to change a chunk, written to take a token or to give the claim up. */
	private final ReentrantReadWriteLock changes = new ReentrantReadWriteLock();

	private final AtomicLong token = new AtomicLong(1);

	private boolean released;

	private final Set<Path> knownGroups = ConcurrentHashMap.newKeySet();

	/** Directories with names that may not be durable. */
	private final Set<Path> changed = ConcurrentHashMap.newKeySet();

	private @Nullable IOException lostChange;

	/**
	 * Creates a store.
	 * @param directory where the groups are
	 * @param lock the right to write it
	 * @param unflushed directories with names that an earlier server may not have made
	 * durable; whoever wrote them by that server expects it of a flush of this one
	 * @param scheduler what may block
	 */
	DirectoryChunkStore(Path directory, DirectoryLock lock, Collection<Path> unflushed, Scheduler scheduler) {
		this.directory = directory;
		this.lock = lock;
		this.changed.addAll(unflushed);
		this.scheduler = scheduler;
	}

	@Override
	public long token() {
		return this.token.get();
	}

	private Path group(long index) {
		return this.directory.resolve(String.format(Locale.ROOT, "%08x", index >>> GROUP_SHIFT));
	}

	private Path file(long index) {
		return group(index).resolve(Long.toHexString(index));
	}

	@Override
	public Mono<ByteBuffer> get(long index, int offset, int length) {
		return blocking(() -> {
			try (FileChannel channel = FileChannel.open(file(index), StandardOpenOption.READ)) {
				ByteBuffer data = ByteBuffer.allocate(length);
				while (data.hasRemaining() && channel.read(data, (long) offset + data.position()) >= 0) {
					// a read may end early
				}
				return data.flip();
			}
			catch (NoSuchFileException ex) {
				return null;
			}
		});
	}

	@Override
	public Flux<Long> existing(long first, long last) {
		return blocking(() -> {
			List<Long> found = new ArrayList<>();
			for (long group = first >>> GROUP_SHIFT; group <= last >>> GROUP_SHIFT; group++) {
				addTo(found, group(group << GROUP_SHIFT));
			}
			return found;
		}).flatMapIterable((found) -> found).filter((index) -> index >= first && index <= last);
	}

	private static void addTo(List<Long> found, Path group) throws IOException {
		try (DirectoryStream<Path> files = Files.newDirectoryStream(group)) {
			for (Path file : files) {
				String name = file.getFileName().toString();
				if (!name.endsWith(DirectoryChunkVolume.UNFINISHED)) {
					found.add(Long.parseLong(name, 16));
				}
			}
		}
		catch (NoSuchFileException ex) {
			// nothing was ever stored in it
		}
	}

	@Override
	public Mono<Void> put(long token, long index, ByteBuffer chunk) {
		return blocking(() -> {
			Path group = group(index);
			if (!this.knownGroups.contains(group)) {
				Files.createDirectories(group);
				this.changed.add(this.directory);
				this.knownGroups.add(group);
			}
			Path fresh = group.resolve(Long.toHexString(index) + "." + this.unfinished.incrementAndGet()
					+ DirectoryChunkVolume.UNFINISHED);
			try {
				DirectoryChunkVolume.writeDurably(fresh, chunk.duplicate());
				change(token, group, () -> Files.move(fresh, file(index), StandardCopyOption.ATOMIC_MOVE));
			}
			finally {
				Files.deleteIfExists(fresh);
			}
			return null;
		}).then();
	}

	@Override
	public Mono<Void> delete(long token, long index) {
		return blocking(() -> {
			change(token, group(index), () -> Files.deleteIfExists(file(index)));
			return null;
		}).then();
	}

	private void change(long used, Path group, Callable<?> change) throws Exception {
		this.changes.readLock().lock();
		try {
			requireHeld();
			if (used != this.token.get()) {
				throw new FencedException("token " + used + " is not the latest, " + this.token);
			}
			change.call();
			// after it, since a flush under way may take what was noted before
			this.changed.add(group);
		}
		finally {
			this.changes.readLock().unlock();
		}
	}

	/** What has waited for its turn may get it when the directory is another server's. */
	private void requireHeld() throws IOException {
		if (this.released) {
			throw new IOException("the directory was given up");
		}
	}

	@Override
	public Mono<Void> flush() {
		return blocking(() -> {
			makeDurable();
			return null;
		}).then();
	}

	/** One at a time: a flush must not overtake one that has taken its directories. */
	private synchronized void makeDurable() throws IOException {
		if (this.lostChange != null) {
			throw new IOException(
					"an earlier flush has failed, after which nobody knows what is durable; "
							+ "check the directory and start the disk again: " + this.lostChange.getMessage(),
					this.lostChange);
		}
		for (Iterator<Path> each = this.changed.iterator(); each.hasNext();) {
			Path group = each.next();
			each.remove();
			try {
				DirectoryChunkVolume.makeDurable(group);
			}
			catch (NoSuchFileException ex) {
				// deletes in a group that was never made
			}
			catch (IOException ex) {
				this.lostChange = ex;
				throw ex;
			}
		}
	}

	@Override
	public Mono<Long> nextToken() {
		return blocking(() -> {
			this.changes.writeLock().lock();
			try {
				requireHeld();
				return this.token.incrementAndGet();
			}
			finally {
				this.changes.writeLock().unlock();
			}
		});
	}

	@Override
	public Mono<Void> release() {
		return blocking(() -> {
			this.changes.writeLock().lock();
			try {
				this.released = true;
				this.lock.close();
			}
			finally {
				this.changes.writeLock().unlock();
			}
			return null;
		}).then().doFinally((signal) -> this.scheduler.dispose());
	}

	private <T> Mono<T> blocking(Callable<@Nullable T> action) {
		return Mono.<T>fromCallable(action)
			.onErrorMap(IOException.class, DirectoryChunkStore::explain)
			.subscribeOn(this.scheduler);
	}

	private static IOException explain(IOException failure) {
		// Java passes on the text of an errno, but not its number.
		String message = String.valueOf(failure.getMessage());
		if (message.contains("No space left on device") || message.contains("quota exceeded")) {
			return new BlockIoException(BlockErrno.ENOSPC, message, failure);
		}
		return failure;
	}

}
