"""Lists of posts: both ways, stable while posts come and go; search; what is left out."""

import unicodedata

import pytest

from dupi.community import service as community
from dupi.community.models import Board
from dupi.errors import FieldErrorCode, InvalidInput, NotFound
from dupi.paging import PageRequest
from dupi.resources import Resources
from tests.community.doing import a_comment, a_post, a_writer
from tests.community.test_commenting import hide


async def titles(viewer_id: str | None = None, **where: object) -> list[str]:
    page = await community.list_posts(
        viewer_id=viewer_id,
        page=PageRequest(),
        where=community.PostFilter(**where),  # type: ignore[arg-type]
    )
    return [post.title for post in page.items]


async def test_pages_in_both_directions_are_stable_while_posts_come(board: Resources) -> None:
    mina = await a_writer()
    for number in range(7):
        await a_post(board, mina, title=f"글 {number}")
    first = await community.list_posts(viewer_id=None, page=PageRequest(first=3))
    assert [post.title for post in first.items] == ["글 6", "글 5", "글 4"]
    await a_post(board, mina, title="글 7")
    await community.delete_post(board, author_id=mina, post_id=first.items[-1].id)
    cursor = first.items[-1].sort_key
    second = await community.list_posts(viewer_id=None, page=PageRequest(first=3, after=cursor))
    assert [post.title for post in second.items] == ["글 3", "글 2", "글 1"]
    assert (second.has_next, second.has_previous) == (True, True)
    back = PageRequest(last=2, before=second.items[0].sort_key)
    before = await community.list_posts(viewer_id=None, page=back)
    assert [post.title for post in before.items] == ["글 6", "글 5"]


async def test_a_board_shows_its_own(board: Resources) -> None:
    await a_post(board, title="자유")
    await a_post(board, title="질문", board=Board.QUESTION)
    assert await titles(board=Board.QUESTION) == ["질문"]
    assert await titles() == ["질문", "자유"]


async def test_comments_are_oldest_first_in_both_directions(board: Resources) -> None:
    post = await a_post(board)
    ids = [(await a_comment(board, post.id)).id for _ in range(5)]
    first = await community.list_comments(
        post_id=post.id, viewer_id=None, page=PageRequest(first=2)
    )
    assert [one.id for one in first.items] == ids[:2]
    late = (await a_comment(board, post.id)).id
    last = await community.list_comments(post_id=post.id, viewer_id=None, page=PageRequest(last=2))
    assert [one.id for one in last.items] == [ids[-1], late]
    assert last.has_previous


async def test_a_list_leaves_out_what_is_long(board: Resources) -> None:
    post = await a_post(board, body="긴 글 " * 500)
    page = await community.list_posts(viewer_id=None, page=PageRequest())
    [listed] = page.items
    assert (listed.body, listed.grams, listed.search_text) == ("", [], "")
    assert listed.excerpt == post.excerpt
    assert await community.load_bodies([post.id]) == {post.id: post.body}


FOUND = ["탈모", "모샴", "샴", "탈모샴푸", "후기입니다", "ABC", "abc", "탈모 추천", " 추천  탈모 "]
NOT_FOUND = [
    "비듬",
    "탈푸",
    "모탈",
    "샴푸탈",
    "후기 없음",
    ".*",
    "탈모.푸",
    "[탈]",
    "^탈모",
    "탈모|x",
]


@pytest.mark.parametrize("query", FOUND + [unicodedata.normalize("NFD", word) for word in FOUND])
async def test_a_part_of_a_word_is_found(board: Resources, query: str) -> None:
    await a_post(board, title="탈모샴푸 추천", body="Abc 사용\n후기입니다")
    await a_post(board, title="다른 글", body="아무 것도")
    assert await titles(search=query) == ["탈모샴푸 추천"]


@pytest.mark.parametrize("query", NOT_FOUND)
async def test_what_is_not_there_is_not_found(board: Resources, query: str) -> None:
    await a_post(board, title="탈모샴푸 추천", body="Abc 사용\n후기입니다")
    assert await titles(search=query) == []


@pytest.mark.parametrize(
    "text", ["(주)두피", "100%", "a.b*c", "c:\\두피", "[공지]", "$ne", "값{1}"]
)
async def test_signs_are_looked_for_as_they_stand(board: Resources, text: str) -> None:
    await a_post(board, title=f"제목 {text} 끝")
    await a_post(board, title="제목 끝")
    assert await titles(search=text) == [f"제목 {text} 끝"]


async def test_an_edit_is_found_by_its_new_words_alone(board: Resources) -> None:
    mina = await a_writer()
    post = await a_post(board, mina, title="비듬 이야기")
    await community.update_post(
        board, author_id=mina, post_id=post.id, changes=community.Changes(title="각질 이야기")
    )
    assert await titles(search="비듬") == []
    assert await titles(search="각질") == ["각질 이야기"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("가" * 101, FieldErrorCode.TOO_LONG),
        ("가 나 다 라 마 바 사 아 자", FieldErrorCode.TOO_MANY),
        ("\u200b", FieldErrorCode.INVALID),
    ],
)
async def test_a_search_that_cannot_be(board: Resources, query: str, code: FieldErrorCode) -> None:
    with pytest.raises(InvalidInput) as refused:
        await titles(search=query)
    [problem] = refused.value.fields
    assert (problem.path, problem.code) == (("search",), code)


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
async def test_a_blank_search_is_none(board: Resources, blank: str) -> None:
    await a_post(board, title="글")
    assert await titles(search=blank) == ["글"]


async def test_the_longest_search_is_answered(board: Resources) -> None:
    words = "".join(chr(0xAC00 + number) for number in range(100))
    await a_post(board, title="글", body=f"앞{words}뒤")
    assert await titles(search=words) == ["글"]


async def test_what_is_hidden_is_for_its_author_and_operators(board: Resources) -> None:
    mina = await a_writer()
    post = await a_post(board, mina)
    await hide(post.id)
    assert await titles(mina) == []
    assert await titles(mina, search="두피") == []
    own = await community.list_posts_of(author_id=mina, page=PageRequest())
    assert [one.id for one in own.items] == [post.id]
    assert (await community.get_post(post_id=post.id, viewer_id=mina)).is_hidden
    assert await community.get_post(post_id=post.id, viewer_id=None, is_operator=True)
    for stranger in (None, await a_writer()):
        with pytest.raises(NotFound):
            await community.get_post(post_id=post.id, viewer_id=stranger)


async def test_who_is_blocked_leaves_the_lists_of_who_blocked(board: Resources) -> None:
    mina, other = await a_writer(), await a_writer()
    post = await a_post(board, mina, title="내 글")
    await a_post(board, other, title="남의 글")
    await a_comment(board, post.id, other)
    await community.block_author(board, user_id=mina, author_id=other)
    await community.block_author(board, user_id=mina, author_id=other)
    assert await titles(mina) == ["내 글"]
    assert await titles(other) == ["남의 글", "내 글"]
    for viewer, count in ((mina, 0), (other, 1), (None, 1)):
        page = await community.list_comments(post_id=post.id, viewer_id=viewer, page=PageRequest())
        assert len(page.items) == count
    await community.unblock_author(board, user_id=mina, author_id=other)
    assert await titles(mina) == ["남의 글", "내 글"]
