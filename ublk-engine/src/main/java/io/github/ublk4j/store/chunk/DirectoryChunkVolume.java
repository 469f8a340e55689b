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
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.Callable;

import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import io.github.ublk4j.store.StoreUnavailableException;

/**
 * A volume in a directory of a local file system: a file for each chunk that is not all
 * zeros, {@code volume.properties}, and {@code volume.lock}, which is locked while the
 * volume is written.
 * <p>
 * A chunk is replaced as a whole: written to a file beside it, made durable, and renamed.
 * After a crash each chunk is therefore an old or a new one, never a mixture. The lock
 * goes with the process that holds it, so there is nothing to take over; a claim that
 * wants to is refused like others while the holder lives. Locks of network file systems
 * are not relied on: use a directory of this machine.
 */
public final class DirectoryChunkVolume implements ChunkVolume {

	private static final String DESCRIPTOR = "volume.properties";

	static final String CHUNKS = "chunks";

	static final String UNFINISHED = ".tmp";

	private static final int THREADS = 16;

	private final Path directory;

	private DirectoryChunkVolume(Path directory) {
		this.directory = directory;
	}

	/**
	 * Names a volume. Nothing is opened or made.
	 * @param directory where it is, or will be made; the parent exists
	 * @return the volume
	 */
	public static DirectoryChunkVolume at(Path directory) {
		return new DirectoryChunkVolume(directory);
	}

	@Override
	public Mono<VolumeDescriptor> describe() {
		return blocking(() -> {
			try {
				return parse(Files.readString(this.directory.resolve(DESCRIPTOR)));
			}
			catch (NoSuchFileException ex) {
				return null;
			}
		});
	}

	private VolumeDescriptor parse(String text) throws IOException {
		Properties properties = new Properties();
		properties.load(new StringReader(text));
		try {
			return new VolumeDescriptor(UUID.fromString(properties.getProperty("id", "missing")),
					Long.parseLong(properties.getProperty("size")),
					Integer.parseInt(properties.getProperty("chunk-size")),
					Integer.parseInt(properties.getProperty("format")));
		}
		catch (IllegalArgumentException ex) {
			throw new StoreUnavailableException(
					this.directory.resolve(DESCRIPTOR) + " does not describe a volume: " + ex.getMessage() + ".",
					"Restore the file, or use another directory.", ex);
		}
	}

	@Override
	public Mono<VolumeDescriptor> createIfAbsent(VolumeDescriptor descriptor) {
		return blocking(() -> {
			create(descriptor);
			return parse(Files.readString(this.directory.resolve(DESCRIPTOR)));
		});
	}

	private void create(VolumeDescriptor descriptor) throws IOException {
		if (!Files.isDirectory(this.directory)) {
			Files.createDirectory(this.directory);
		}
		Files.createDirectories(this.directory.resolve(CHUNKS));
		String text = "format=" + descriptor.formatVersion() + "\nid=" + descriptor.id() + "\nsize=" + descriptor.size()
				+ "\nchunk-size=" + descriptor.chunkSize() + "\n";
		Path unfinished = this.directory.resolve(DESCRIPTOR + "." + descriptor.id() + UNFINISHED);
		writeDurably(unfinished, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
		try {
			// fails if it exists, where a rename would replace it
			Files.createLink(this.directory.resolve(DESCRIPTOR), unfinished);
		}
		catch (FileAlreadyExistsException ex) {
			// somebody else was first, and that one counts
		}
		finally {
			Files.deleteIfExists(unfinished);
		}
		makeDurable(this.directory);
		Path parent = this.directory.toAbsolutePath().getParent();
		if (parent != null) {
			makeDurable(parent);
		}
	}

	@Override
	public Mono<ChunkStore> claim(VolumeClaim claim) {
		return blocking(() -> {
			if (claim.readOnly()) {
				return new DirectoryChunkStore(this.directory.resolve(CHUNKS), DirectoryLock.NONE, List.of(),
						newScheduler());
			}
			DirectoryLock lock = DirectoryLock.acquire(this.directory, claim.holder());
			try {
				return new DirectoryChunkStore(this.directory.resolve(CHUNKS), lock, removeUnfinished(),
						newScheduler());
			}
			catch (IOException | RuntimeException ex) {
				lock.close();
				throw ex;
			}
		});
	}

	private Scheduler newScheduler() {
		return Schedulers.newBoundedElastic(THREADS, Integer.MAX_VALUE, "ublk-chunks-" + this.directory.getFileName(),
				10, true);
	}

	/**
	 * Removes what a server that died has left.
	 * @return the directories in which its last changes may not be durable
	 */
	private List<Path> removeUnfinished() throws IOException {
		Path chunks = this.directory.resolve(CHUNKS);
		List<Path> directories = new ArrayList<>();
		directories.add(chunks);
		try (DirectoryStream<Path> groups = Files.newDirectoryStream(chunks)) {
			for (Path group : groups) {
				directories.add(group);
				try (DirectoryStream<Path> files = Files.newDirectoryStream(group, "*" + UNFINISHED)) {
					for (Path file : files) {
						Files.delete(file);
					}
				}
			}
		}
		return directories;
	}

	private <T> Mono<T> blocking(Callable<T> action) {
		return Mono.fromCallable(action)
			.onErrorMap(IOException.class,
					(ex) -> new StoreUnavailableException("The " + this + " cannot be used: " + describe(ex) + ".",
							"Check the path, the rights to it, and that its parent exists.", ex))
			.subscribeOn(Schedulers.boundedElastic());
	}

	private static String describe(IOException failure) {
		return failure.getClass().getSimpleName() + ": " + failure.getMessage();
	}

	static void writeDurably(Path file, ByteBuffer data) throws IOException {
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
			while (data.hasRemaining()) {
				channel.write(data);
			}
			channel.force(false);
		}
	}

	/**
	 * Makes the names in a directory durable.
	 */
	static void makeDurable(Path directory) throws IOException {
		try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
			channel.force(true);
		}
	}

	@Override
	public String toString() {
		return "directory " + this.directory;
	}

}
