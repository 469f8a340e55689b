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

package io.github.ublk4j.engine.queue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.engine.driver.CharDevice;
import io.github.ublk4j.engine.driver.FileAsCharDevice;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.SharedFile;
import io.github.ublk4j.engine.uring.EnabledIfIoUring;
import io.github.ublk4j.engine.uring.IoUring;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the transfers of {@link DriverTransport} on this machine's own kernel. A file
 * plays the character device: it takes copies, and refuses the commands of the driver.
 */
@EnabledIfIoUring
@Timeout(60)
class DriverTransportTests {

	private static final int DEPTH = 2;

	private static final int LENGTH = 8192;

	private static final int TAG = 1;

	private static final int SLOT = 7;

	// the end of a pipe is opened whether there is another or not
	private static final int O_NONBLOCK = 0x800;

	@TempDir
	private Path folder;

	private final List<String> events = new ArrayList<>();

	private CharDevice device;

	private UserCopyPath userCopy;

	private ZeroCopyPath zeroCopy;

	private DriverTransport transport;

	@BeforeEach
	void open() throws IOException {
		this.device = FileAsCharDevice.open(this.folder.resolve("device"), DEPTH);
		RequestCopier copier = new DeviceCopier(this.device, 0);
		this.userCopy = new UserCopyPath(copier, DEPTH, LENGTH, true);
		this.zeroCopy = new ZeroCopyPath(copier, DEPTH, LENGTH, true, false);
		this.transport = new DriverTransport(this.device, 0, DEPTH, PageRegistration.BY_COMMAND);
	}

	@AfterEach
	void close() {
		this.transport.close();
		this.device.close();
		this.userCopy.release();
		this.zeroCopy.release();
	}

	@Test
	void readIsCopiedFromTheFileToTheRequest() throws IOException {
		RingOperation read = read(this.userCopy, file("data", LENGTH, 3));
		this.transport.transfer(read, SLOT);
		assertThat(completions(1)).containsExactly("transferred 7: 8192");
		assertThat(read.advance(LENGTH)).isTrue();
		read.deliver(this.userCopy);
		assertThat(ofRequest(LENGTH)).containsOnly(3);
	}

	@Test
	void shortReadGoesOnWithTheRest() throws IOException {
		Path data = this.folder.resolve("data");
		RingOperation read = read(this.userCopy, file("data", 1000, 3));
		this.transport.transfer(read, SLOT);
		assertThat(completions(1)).containsExactly("transferred 7: 1000");
		assertThat(read.advance(1000)).isFalse();
		Files.write(data, AbstractQueueTests.filled(LENGTH - 1000, 4), StandardOpenOption.APPEND);
		this.transport.transfer(read, SLOT);
		assertThat(completions(1)).containsExactly("transferred 7: " + (LENGTH - 1000));
		assertThat(read.advance(LENGTH - 1000)).isTrue();
		read.deliver(this.userCopy);
		assertThat(ofRequest(1000)).containsOnly(3);
		assertThat(ofRequest(LENGTH)).endsWith(AbstractQueueTests.filled(LENGTH - 1000, 4));
	}

	@Test
	void writeIsCopiedFromTheRequestToTheFile() throws IOException {
		ofRequest(AbstractQueueTests.filled(LENGTH, 5));
		this.transport.transfer(write(this.userCopy, file("data", 0, 0)), SLOT);
		assertThat(completions(1)).containsExactly("transferred 7: 8192");
		assertThat(Files.readAllBytes(this.folder.resolve("data"))).isEqualTo(AbstractQueueTests.filled(LENGTH, 5));
	}

	@Test
	void requestThatHasLessThanATransferNeedsIsAnErrorAndLeaksNoFile() throws IOException {
		try (RandomAccessFile shorter = new RandomAccessFile(this.folder.resolve("device").toFile(), "rw")) {
			shorter.setLength(CharDevice.positionOf(0, TAG) + 1000);
		}
		SharedFile data = file("data", 0, 0);
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> write(this.userCopy, data))
			.satisfies((ex) -> assertThat(ex.errno()).isEqualTo(Errno.EIO));
		assertThat(data.isUnused()).isTrue();
	}

	@Test
	void registrationThatTheKernelRefusesCancelsTheTransferAfterIt() throws IOException {
		RingOperation read = read(this.zeroCopy, file("data", LENGTH, 3));
		assertThat(read.data().needsRegistration()).isTrue();
		this.transport.registerPages(TAG);
		this.transport.transfer(read, SLOT);
		// a loud head does not silence the transfer
		assertThat(completions(2)).containsExactlyInAnyOrder("no pages 1: " + Errno.EOPNOTSUPP,
				"transferred 7: " + -Errno.ECANCELED);
		read.request().pages(IoRequest.Pages.UNAVAILABLE);
		assertThat(read.missedPages(-Errno.ECANCELED)).isTrue();
		read.locateData(this.zeroCopy);
		this.transport.transfer(read, SLOT);
		assertThat(completions(1)).containsExactly("transferred 7: 8192");
		read.deliver(this.zeroCopy);
		assertThat(ofRequest(LENGTH)).containsOnly(3);
	}

	@Test
	void transferWithoutARegistrationFindsNoPages() throws IOException {
		RingOperation read = read(this.zeroCopy, file("data", LENGTH, 3));
		this.transport.transfer(read, SLOT);
		assertThat(completions(1)).containsExactly("transferred 7: " + -Errno.EFAULT);
	}

	@Test
	void moreFilesThanTheRingHasPlacesForAreAllRead() throws IOException {
		List<SharedFile> files = new ArrayList<>();
		for (int i = 0; i < 40; i++) {
			files.add(file("data" + i, LENGTH, i));
		}
		for (int round = 0; round < 100; round++) {
			int from = (round < 50) ? 0 : 20;
			for (int i = from; i < from + 20; i++) {
				RingOperation read = read(this.userCopy, files.get(i));
				this.transport.transfer(read, SLOT);
				assertThat(completions(1)).containsExactly("transferred 7: 8192");
				read.deliver(this.userCopy);
				assertThat(ofRequest(512)).containsOnly(i);
				read.end(this.userCopy);
			}
		}
		files.forEach(SharedFile::close);
	}

	@Test
	void fileThatItsOwnerClosesIsLetGoOf() throws Exception {
		Path pipe = this.folder.resolve("pipe");
		assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
		SharedFile reader = SharedFile.owning(LinuxFile.open(pipe.toString(), LinuxFile.O_RDONLY | O_NONBLOCK));
		RingOperation read = read(this.userCopy, reader);
		this.transport.transfer(read, SLOT);
		assertThat(completions(1)).singleElement().asString().startsWith("transferred 7: ");
		read.end(this.userCopy);
		reader.close();
		openForWriting(pipe).close();
		this.transport.wakeUp();
		this.transport.exchange(true);
		AbstractQueueTests.await()
			.untilAsserted(
					() -> assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> openForWriting(pipe).close())
						.satisfies((ex) -> assertThat(ex.errno()).as("nobody reads").isEqualTo(6)));
	}

	private static LinuxFile openForWriting(Path pipe) {
		int writeOnly = 1;
		return LinuxFile.open(pipe.toString(), writeOnly | O_NONBLOCK);
	}

	private RingOperation read(DataPath path, SharedFile file) {
		return operation(BlockOperation.READ, IoUring.OP_READ, path, file);
	}

	private RingOperation write(DataPath path, SharedFile file) {
		return operation(BlockOperation.WRITE, IoUring.OP_WRITE, path, file);
	}

	private RingOperation operation(BlockOperation kind, int opcode, DataPath path, SharedFile file) {
		RequestLoop loop = new RequestLoop("test", 0, DEPTH, (index) -> this.transport, path,
				(home) -> new HandlerServer((request) -> Mono.empty()), (index, reason, failure) -> {
				});
		IoRequest request = IoRequest.create(loop, kind);
		request.begin(TAG, 0, LENGTH, false, path.begin(request, 0, TAG, LENGTH), 0);
		RingOperation operation = new RingOperation(request);
		operation.define(opcode, file, 0, LENGTH, 0);
		operation.begin(path);
		return operation;
	}

	private SharedFile file(String name, int length, int value) throws IOException {
		Path path = Files.write(this.folder.resolve(name), AbstractQueueTests.filled(length, value));
		return SharedFile.owning(LinuxFile.open(path.toString(), LinuxFile.O_RDWR));
	}

	// what lies where the driver would have the data of the request
	private byte[] ofRequest(int length) throws IOException {
		ByteBuffer bytes = ByteBuffer.allocate(length);
		try (FileChannel channel = FileChannel.open(this.folder.resolve("device"))) {
			channel.read(bytes, CharDevice.positionOf(0, TAG));
		}
		return bytes.array();
	}

	private void ofRequest(byte[] bytes) throws IOException {
		try (FileChannel channel = FileChannel.open(this.folder.resolve("device"), StandardOpenOption.WRITE)) {
			channel.write(ByteBuffer.wrap(bytes), CharDevice.positionOf(0, TAG));
		}
	}

	// waits for some, and then looks whether there are more
	private List<String> completions(int count) {
		this.events.clear();
		while (this.events.size() < count) {
			this.transport.exchange(true);
			this.transport.poll(new Recording());
		}
		this.transport.exchange(false);
		this.transport.poll(new Recording());
		return List.copyOf(this.events);
	}

	private final class Recording implements QueueTransport.Events {

		@Override
		public void arrived(int tag) {
			DriverTransportTests.this.events.add("arrived " + tag);
		}

		@Override
		public void aborted(int tag, int error) {
			DriverTransportTests.this.events.add("aborted " + tag + ": " + error);
		}

		@Override
		public void transferred(int slot, int result) {
			DriverTransportTests.this.events.add("transferred " + slot + ": " + result);
		}

		@Override
		public void pagesUnavailable(int tag, int error) {
			DriverTransportTests.this.events.add("no pages " + tag + ": " + error);
		}

	}

}
