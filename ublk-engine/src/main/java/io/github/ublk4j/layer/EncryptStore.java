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
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockStore;

/**
 * Encrypts what is written and decrypts what is read, by AES-XTS, each sector by itself.
 * The number of a sector is its place: with sectors of 512 bytes the data is that of
 * {@code aes-xts-plain64} of dm-crypt, with 4096 that of its option
 * {@code iv_large_sectors}.
 * <p>
 * <strong>Zeros.</strong> A sector of zeros in the store below stands for one that was
 * never written, or that was discarded or zeroed, and reads as zeros. (That a written
 * sector is encrypted to nothing but zeros has a probability below 2^-4000.) Whoever sees
 * the store below sees therefore which sectors are in use, as with discards in dm-crypt.
 * <p>
 * <strong>What it does not do.</strong> XTS hides data from those who see the store. It
 * does not detect changes, and the same data in the same sector is the same ciphertext.
 * <p>
 * <strong>Threads.</strong> Data is encrypted by the thread that writes, and decrypted by
 * that which completes the read below. Durability and order are those of the store below.
 */
public final class EncryptStore extends ForwardingBlockStore {

	private final byte[] key;

	private final int sectorSize;

	private final Queue<XtsCipher> ciphers = new ConcurrentLinkedQueue<>();

	/**
	 * Creates a layer.
	 * @param below the store below
	 * @param key 64 bytes for AES-256, 32 for AES-128: the key of the data, then that of
	 * the tweak; copied
	 * @param sectorSize 512 or 4096; requests must be multiples of it, so that the disk
	 * needs a logical block of at least this size
	 * @throws InvalidLayerException if one of them is out of bounds; the message does not
	 * contain the key
	 */
	public EncryptStore(BlockStore below, byte[] key, int sectorSize) {
		super(below);
		if (sectorSize != 512 && sectorSize != 4096) {
			throw new InvalidLayerException("sectorSize", sectorSize, "Use 512 or 4096 bytes.");
		}
		if (key.length != 32 && key.length != 64) {
			throw new InvalidLayerException("key", key.length + " bytes long",
					"Use 64 random bytes for AES-256, or 32 for AES-128.");
		}
		int half = key.length / 2;
		if (MessageDigest.isEqual(Arrays.copyOfRange(key, 0, half), Arrays.copyOfRange(key, half, key.length))) {
			throw new InvalidLayerException("key", "the same twice",
					"Its halves are two keys, and XTS is not safe if they are equal. Use random bytes.");
		}
		this.key = key.clone();
		this.sectorSize = sectorSize;
	}

	/**
	 * Returns the unit of encryption.
	 * @return bytes
	 */
	public int sectorSize() {
		return this.sectorSize;
	}

	/**
	 * Returns what the data is encrypted with.
	 * @return {@code AES-256-XTS} or {@code AES-128-XTS}
	 */
	public String algorithm() {
		return "AES-" + this.key.length * 4 + "-XTS";
	}

	@Override
	public long size() {
		return super.size() - super.size() % this.sectorSize;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		int position = destination.position();
		int length = destination.remaining();
		BlockIoException misaligned = misaligned(offset, length);
		return (misaligned != null) ? Mono.error(misaligned) : super.read(offset, destination)
			.then(Mono.fromRunnable(() -> decrypt(offset, destination, position, length)));
	}

	private void decrypt(long offset, ByteBuffer buffer, int position, int length) {
		XtsCipher cipher = take();
		byte[] sector = new byte[this.sectorSize];
		for (int done = 0; done < length; done += this.sectorSize) {
			buffer.get(position + done, sector);
			if (!isZero(sector)) {
				cipher.decrypt((offset + done) / this.sectorSize, sector, 0);
				buffer.put(position + done, sector);
			}
		}
		this.ciphers.add(cipher);
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		byte[] data = new byte[source.remaining()];
		BlockIoException misaligned = misaligned(offset, data.length);
		if (misaligned != null) {
			return Mono.error(misaligned);
		}
		source.get(source.position(), data);
		XtsCipher cipher = take();
		for (int done = 0; done < data.length; done += this.sectorSize) {
			cipher.encrypt((offset + done) / this.sectorSize, data, done);
		}
		this.ciphers.add(cipher);
		return super.write(offset, ByteBuffer.wrap(data));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		BlockIoException misaligned = misaligned(offset, length);
		return (misaligned != null) ? Mono.error(misaligned) : super.discard(offset, length);
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		BlockIoException misaligned = misaligned(offset, length);
		return (misaligned != null) ? Mono.error(misaligned) : super.writeZeroes(offset, length, mayUnmap);
	}

	private XtsCipher take() {
		XtsCipher cipher = this.ciphers.poll();
		return (cipher != null) ? cipher : new XtsCipher(this.key, this.sectorSize);
	}

	private @Nullable BlockIoException misaligned(long offset, long length) {
		if (offset % this.sectorSize == 0 && length % this.sectorSize == 0) {
			return null;
		}
		return new BlockIoException(BlockErrno.EINVAL, length + " bytes at offset " + offset
				+ " are not whole sectors of " + this.sectorSize + " bytes, which is what is encrypted");
	}

	private static boolean isZero(byte[] sector) {
		for (byte value : sector) {
			if (value != 0) {
				return false;
			}
		}
		return true;
	}

	@Override
	public String toString() {
		return "encrypt layer, " + algorithm() + ", sectors of " + this.sectorSize + " bytes";
	}

}
