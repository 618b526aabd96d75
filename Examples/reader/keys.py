"""Docs/Format/Keys.md: every key, and what it comes from."""

import base64
import hashlib

import mnemonic
import nacl.bindings as sodium
import nacl.exceptions
import rbcl as ristretto

from .encoding import blake, need


def derive(key, label):
    return blake(label, key)


class PhraseKeys:
    def __init__(self, phrase):
        words = mnemonic.Mnemonic("english")
        need(words.check(phrase), "this is no recovery phrase")
        seed = hashlib.pbkdf2_hmac("sha512", words.to_entropy(phrase), b"mnemonic", 2048)
        # Docs/Protocol/CESS.md, 2.2: the account's public key.
        scalar = bytearray(hashlib.sha512(seed[:32]).digest()[:32])
        scalar[0], scalar[31] = scalar[0] & 248, scalar[31] & 63 | 64
        scalar = int.from_bytes(scalar, "little") >> 3
        self.account = bytes(ristretto.crypto_scalarmult_ristretto255_base(scalar.to_bytes(32, "little")))
        self.root = derive(seed[32:], b"cessdrive/root/1")
        self.ring = sodium.crypto_box_seed_keypair(derive(self.root, b"cessdrive/ring/1"))
        self.prelude = derive(self.root, b"cessdrive/prelude/1")
        self.name_tag = derive(self.root, b"cessdrive/name-tag/1")
        self.territory = base32(derive(self.root, b"cessdrive/territory/1")[:16]).encode()

    def blob_id_key(self, drive):
        return derive(derive(self.root, b"cessdrive/drive/1" + drive), b"cessdrive/blob-id/1")

    def open_epochs(self, epochs):
        """The keys of epochs, by id, of those that have a box for the ring."""
        keys = {}
        for epoch, boxes in epochs:
            for recipient, box in boxes:
                if recipient == self.ring[0][:8]:
                    try:
                        keys[epoch] = sodium.crypto_box_seal_open(box, *self.ring)
                    except nacl.exceptions.CryptoError:
                        pass  # Somebody else's, of the same eight bytes.
        return keys


def base32(data):
    return base64.b32encode(data).decode().rstrip("=").lower()
