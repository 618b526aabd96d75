"""Checks of the local network by substrate-interface, which knows nothing of this project.

Prints "ok - …" or "not ok - …" for each check, and ends with 1 if any failed.
"""

import hashlib
import json
import os
import secrets
import sys
import time
import traceback
import urllib.request

from substrateinterface import Keypair, SubstrateInterface

GIB = 1 << 30
FRAGMENT = 8 << 20
CHARGED = 96 << 20
PARITY = [
    [27, 28, 18, 20], [28, 27, 20, 18], [18, 20, 27, 28], [20, 18, 28, 27],
    [245, 232, 196, 216], [232, 245, 216, 196], [196, 216, 245, 232], [216, 196, 232, 245],
]

failures = 0


def check(name):
    """Runs the function at once and tells how it went; what it returns is kept in the function's name."""

    def run(function):
        global failures
        try:
            result = function()
            print(f"ok - {name}", flush=True)
            return result
        except Exception:
            failures += 1
            print(f"not ok - {name}", flush=True)
            traceback.print_exc()
            return None

    return run


def eventually(condition, seconds=60):
    end = time.time() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.time() < end, "too late"
        time.sleep(0.3)


status = json.load(open(sys.argv[1]))
rpc = status["rpc"]
http = SubstrateInterface(url=rpc)
ws = SubstrateInterface(url=rpc.replace("http://", "ws://"))
alice = Keypair.create_from_uri("//Alice", ss58_format=11330)
owner = Keypair.create_from_mnemonic(Keypair.generate_mnemonic(24), ss58_format=11330)
territory = "interop-" + secrets.token_hex(4)


def submit(call, keypair, client=ws):
    extrinsic = client.create_signed_extrinsic(call=call, keypair=keypair, era={"period": 64})
    receipt = client.submit_extrinsic(extrinsic, wait_for_inclusion=client is ws)
    return receipt


def events(receipt):
    return [(e.value["module_id"], e.value["event_id"]) for e in receipt.triggered_events]


for client, kind in [(http, "HTTP"), (ws, "WebSocket")]:
    @check(f"{kind}: the genesis hash is the one that status shows")
    def _():
        assert client.get_block_hash(0) == status["genesis"]

    @check(f"{kind}: the metadata decodes and names the pallets")
    def _():
        names = {pallet.name for pallet in client.get_metadata().pallets}
        assert {"System", "Balances", "Utility", "FileBank", "StorageHandler", "Sminer", "Oss"} <= names, names

    @check(f"{kind}: constants")
    def _():
        assert client.get_constant("FileBank", "SegmentCount").value == 1000
        assert client.get_constant("FileBank", "FragmentCount").value == 12
        assert client.get_constant("Balances", "ExistentialDeposit").value == 10**18

    @check(f"{kind}: an account and its balance")
    def _():
        account = client.query("System", "Account", [alice.ss58_address]).value
        assert account["data"]["free"] > 10**24 and account["nonce"] >= 0

    @check(f"{kind}: every node is registered with its address")
    def _():
        miners = client.query("Sminer", "AllMiner").value
        assert len(miners) == len(status["nodes"])
        endpoints = set()
        for miner in miners:
            info = client.query("Sminer", "MinerItems", [miner]).value
            assert info["state"] in ("positive", "0x" + b"positive".hex()), info["state"]
            endpoints.add(info["endpoint"])
        assert all(any(n["url"].split("//")[1] in e for e in endpoints) for n in status["nodes"]), endpoints


@check("WebSocket: new heads are followed, each the child of the one before")
def _():
    seen = []

    def handler(head, number, subscription):
        seen.append((head["header"]["number"], head["header"]["parentHash"]))
        return seen if len(seen) >= 4 else None

    ws.subscribe_block_headers(handler)
    for (first, _), (second, parent) in zip(seen, seen[1:]):
        assert second == first + 1 and parent == ws.get_block_hash(first)


@check("HTTP: blocks decode, with the timestamp as their first extrinsic")
def _():
    block = http.get_block(block_hash=http.get_chain_finalised_head())
    assert block["header"]["number"] >= 0
    call = block["extrinsics"][0].value["call"]
    assert (call["call_module"], call["call_function"]) == ("Timestamp", "set")


@check("the fee of a call is known before it is paid")
def _():
    call = http.compose_call("Balances", "transfer_keep_alive", {"dest": owner.ss58_address, "value": 10**18})
    assert http.get_payment_info(call, alice)["partialFee"] > 0


@check("a transfer is signed, included and seen in the events")
def _():
    amount = 1_000_000 * 10**18
    call = ws.compose_call("Balances", "transfer_keep_alive", {"dest": owner.ss58_address, "value": amount})
    receipt = submit(call, alice)
    assert receipt.is_success, receipt.error_message
    assert ("Balances", "Transfer") in events(receipt) and events(receipt)[-1] == ("System", "ExtrinsicSuccess")
    assert ws.query("System", "Account", [owner.ss58_address]).value["data"]["free"] == amount


@check("a transfer of more than there is fails by name")
def _():
    call = ws.compose_call("Balances", "transfer_keep_alive", {"dest": alice.ss58_address, "value": 10**30})
    receipt = submit(call, owner)
    failed = [e.value["attributes"] for e in receipt.triggered_events if e.value["event_id"] == "ExtrinsicFailed"]
    assert not receipt.is_success and failed[0]["dispatch_error"] == {"Token": "FundsUnavailable"}, failed


@check("a territory is minted and read")
def _():
    call = ws.compose_call(
        "StorageHandler", "mint_territory", {"gib_count": 2, "territory_name": territory, "days": 30})
    receipt = submit(call, owner)
    assert receipt.is_success, receipt.error_message
    assert ("StorageHandler", "MintTerritory") in events(receipt)
    info = http.query("StorageHandler", "Territory", [owner.ss58_address, territory]).value
    assert info["total_space"] == 2 * GIB and info["used_space"] == 0 and info["state"] == "Active", info


@check("the same territory again is refused by name")
def _():
    call = ws.compose_call(
        "StorageHandler", "mint_territory", {"gib_count": 1, "territory_name": territory, "days": 30})
    receipt = submit(call, owner)
    assert not receipt.is_success and receipt.error_message["name"] == "PurchasedSpace", receipt.error_message


def code(segment):
    """The twelve fragments of a segment, in Python alone."""
    product = [[0] * 256 for _ in range(256)]
    for a in range(256):
        for b in range(256):
            x, y, p = a, b, 0
            while y:
                p ^= x if y & 1 else 0
                x = (x << 1) ^ (0x11D if x & 0x80 else 0)
                y >>= 1
            product[a][b] = p
    data = [segment[i * FRAGMENT:(i + 1) * FRAGMENT] for i in range(4)]
    fragments = list(data)
    for row in PARITY:
        total = 0
        for factor, shard in zip(row, data):
            total ^= int.from_bytes(shard.translate(bytes(product[factor])), "little")
        fragments.append(total.to_bytes(FRAGMENT, "little"))
    return fragments


segment = os.urandom(16 << 20) + bytes(16 << 20)
fragments = code(segment)
names = [hashlib.sha256(f).hexdigest() for f in fragments]
segment_hash = hashlib.sha256(segment)
fid = hashlib.sha256(segment_hash.digest() * 2).hexdigest()


def ascii(name):
    """A hash as the chain has it: the 64 characters of its hexadecimal digits, which the library wants as bytes in hex."""
    return "0x" + name.encode().hex()


@check("upload_declaration opens a deal that reads as it was declared")
def _():
    call = ws.compose_call("FileBank", "upload_declaration", {
        "file_hash": ascii(fid),
        # The library takes a BoundedVec for a struct of one field, hence the tuples.
        "deal_info": (
            [{"hash": ascii(segment_hash.hexdigest()), "fragment_list": ([ascii(name) for name in names],)}],),
        "user_brief": {"user": owner.ss58_address, "file_name": "interop.bin", "territory_name": territory},
        "file_size": 16 << 20,
    })
    receipt = submit(call, owner)
    assert receipt.is_success, receipt.error_message
    assert ("FileBank", "UploadDeclaration") in events(receipt)
    deal = http.query("FileBank", "DealMap", [ascii(fid)]).value
    assert deal["file_size"] == 16 << 20 and deal["complete_list"] == []
    assert deal["user"]["user"] == owner.ss58_address, deal["user"]


@check("the territory is charged with locked space")
def _():
    info = http.query("StorageHandler", "Territory", [owner.ss58_address, territory]).value
    assert info["locked_space"] == CHARGED, info


def request(method, node, fragment, body=None, headers=None):
    message = secrets.token_urlsafe(12)
    head = {"Account": owner.ss58_address, "Message": message, "Signature": owner.sign(message).hex(),
            "Fid": fid, "Fragment": fragment} | (headers or {})
    call = urllib.request.Request(node["url"] + "/fragment", data=body, headers=head, method=method)
    with urllib.request.urlopen(call, timeout=60) as answer:
        return answer.status, answer.read()


@check("twelve nodes take the fragments, as cess-miner would")
def _():
    for node, name, fragment in zip(status["nodes"], names, fragments):
        edge = secrets.token_hex(16)
        part = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n' \
               "Content-Type: application/octet-stream\r\n\r\n"
        body = part.encode() + fragment + f"\r\n--{edge}--\r\n".encode()
        code, answer = request("PUT", node, name, body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
        assert code == 200 and json.loads(answer)["code"] == 200, answer


@check("the nodes report, and the deal becomes a file")
def _():
    info = eventually(lambda: http.query("FileBank", "File", [ascii(fid)]).value, seconds=120)
    assert info["file_size"] == 16 << 20 and info["stat"] == "Active", info
    rows = info["segment_list"][0]["fragment_list"]
    assert len({row["miner"] for row in rows}) == 12
    assert http.query("FileBank", "DealMap", [ascii(fid)]).value is None


@check("the file is in its owner's list, and its space is used")
def _():
    held = http.query("FileBank", "UserHoldFileList", [owner.ss58_address]).value
    assert [h["file_size"] for h in held] == [CHARGED], held
    info = http.query("StorageHandler", "Territory", [owner.ss58_address, territory]).value
    assert info["used_space"] == CHARGED and info["locked_space"] == 0, info


@check("a fragment is read whole, and by the nodes' own ranges")
def _():
    code, whole = request("GET", status["nodes"][0], names[0])
    assert code == 200 and whole == fragments[0]
    code, part = request("GET", status["nodes"][0], names[0], headers={"Range": f"bytes=100-200/{FRAGMENT}"})
    assert code == 206 and part == fragments[0][100:200]


@check("the file is deleted, and its space is free again")
def _():
    call = ws.compose_call("FileBank", "delete_file", {"owner": owner.ss58_address, "file_hash": ascii(fid)})
    receipt = submit(call, owner)
    assert receipt.is_success and ("FileBank", "DeleteFile") in events(receipt), receipt.error_message
    assert http.query("FileBank", "File", [ascii(fid)]).value is None
    info = http.query("StorageHandler", "Territory", [owner.ss58_address, territory]).value
    assert info["used_space"] == 0, info


@check("a transaction with a nonce of the past is refused by the pool")
def _():
    call = http.compose_call("System", "remark", {"remark": "0x00"})
    extrinsic = http.create_signed_extrinsic(call=call, keypair=alice, nonce=0)
    try:
        http.submit_extrinsic(extrinsic)
    except Exception as error:
        assert "1010" in str(error), error
    else:
        raise AssertionError("was taken")


sys.exit(1 if failures else 0)
