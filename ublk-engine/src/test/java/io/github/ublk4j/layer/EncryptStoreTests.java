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

package io.github.ublk4j.layer;

import java.nio.ByteBuffer;
import java.util.Arrays;

import io.github.ublk4j.block.BlockErrno;
import org.junit.jupiter.api.Test;

import static io.github.ublk4j.layer.TestBytes.bytes;
import static io.github.ublk4j.layer.TestBytes.errno;
import static io.github.ublk4j.layer.TestBytes.read;
import static io.github.ublk4j.layer.TestBytes.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class EncryptStoreTests {

	private final RecordingStore below = new RecordingStore(1 << 20);

	private final byte[] key = key();

	private final EncryptStore store = new EncryptStore(this.below, this.key, 512);

	private static byte[] key() {
		byte[] key = new byte[64];
		for (int i = 0; i < key.length; i++) {
			key[i] = (byte) (i + 65);
		}
		return key;
	}

	@Test
	void storeBelowHoldsNothingReadable() {
		write(this.store, 512, 1024, 7);
		byte[] below = this.below.content(512, 1024);
		assertThat(below).isNotEqualTo(bytes(1024, 7).array());
		// each sector has a place of its own in the cipher
		assertThat(Arrays.copyOf(below, 512)).isNotEqualTo(Arrays.copyOfRange(below, 512, 1024));
		assertThat(read(this.store, 512, 1024)).containsOnly(7);
		assertThat(read(this.store, 1024, 512)).containsOnly(7);
	}

	@Test
	void bufferOfTheWriterIsNotChanged() {
		byte[] source = bytes(2048, 3).array();
		this.store.write(0, ByteBuffer.wrap(source, 512, 1024).slice().asReadOnlyBuffer()).block();
		assertThat(source).containsOnly(3);
		assertThat(read(this.store, 0, 1024)).containsOnly(3);
	}

	@Test
	void onlyThePartOfTheBufferThatIsAskedForIsFilled() {
		write(this.store, 0, 1024, 5);
		byte[] target = bytes(1536, 1).array();
		this.store.read(512, ByteBuffer.wrap(target, 512, 512)).block();
		assertThat(Arrays.copyOf(target, 512)).containsOnly(1);
		assertThat(Arrays.copyOfRange(target, 512, 1024)).containsOnly(5);
		assertThat(Arrays.copyOfRange(target, 1024, 1536)).containsOnly(1);
	}

	@Test
	void spaceNeverWrittenOrDiscardedOrZeroedReadsAsZeros() {
		write(this.store, 0, 4096, 9);
		this.store.discard(512, 512).block();
		this.store.writeZeroes(1024, 512, false).block();
		assertThat(read(this.store, 512, 1024)).containsOnly(0);
		assertThat(read(this.store, 8192, 512)).containsOnly(0);
		assertThat(read(this.store, 1536, 512)).containsOnly(9);
		// zeros that are written are data like any other
		write(this.store, 0, 512, 0);
		assertThat(this.below.content(0, 512)).isNotEqualTo(new byte[512]);
		assertThat(read(this.store, 0, 512)).containsOnly(0);
	}

	@Test
	void otherKeyReadsSomethingElse() {
		write(this.store, 0, 512, 9);
		byte[] other = key();
		other[63]++;
		assertThat(read(new EncryptStore(this.below, other, 512), 0, 512)).isNotEqualTo(bytes(512, 9).array());
		assertThat(read(new EncryptStore(this.below, this.key, 512), 0, 512)).containsOnly(9);
	}

	@Test
	void partsOfSectorsAreRefused() {
		EncryptStore large = new EncryptStore(this.below, this.key, 4096);
		assertThat(errno(large.write(0, bytes(512, 1)))).isEqualTo(BlockErrno.EINVAL);
		assertThat(errno(large.read(512, bytes(4096, 1)))).isEqualTo(BlockErrno.EINVAL);
		assertThat(errno(large.discard(0, 512))).isEqualTo(BlockErrno.EINVAL);
		assertThat(errno(large.writeZeroes(0, 512, true))).isEqualTo(BlockErrno.EINVAL);
		assertThat(this.below.journal()).isEmpty();
	}

	@Test
	void keyIsNeverShown() {
		assertThat(this.store.toString()).isEqualTo("encrypt layer, AES-256-XTS, sectors of 512 bytes");
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new EncryptStore(this.below, Arrays.copyOf(this.key, 48), 512))
			.withMessage("key is 48 bytes long. Use 64 random bytes for AES-256, or 32 for AES-128.");
		byte[] twice = new byte[64];
		System.arraycopy(this.key, 0, twice, 0, 32);
		System.arraycopy(this.key, 0, twice, 32, 32);
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new EncryptStore(this.below, twice, 512))
			.withMessageStartingWith("key is the same twice.");
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new EncryptStore(this.below, this.key, 1024))
			.withMessage("sectorSize is 1024. Use 512 or 4096 bytes.");
	}

	@Test
	void keyOfTheCallerMayBeErased() {
		byte[] mine = key();
		EncryptStore erased = new EncryptStore(this.below, mine, 512);
		Arrays.fill(mine, (byte) 0);
		write(erased, 0, 512, 4);
		assertThat(read(this.store, 0, 512)).containsOnly(4);
	}

}
