"""The one style sheet of the window. What it offers to panels is listed in ``app.ui.style.theme``."""

from app.ui.style.icons import icon_file
from app.ui.style.palette import Theme
from app.ui.style.scale import px


def style_sheet(theme: Theme) -> str:
    """Everything, in the theme's colours. Needs a ``QGuiApplication``: it draws ticks and arrows."""
    return "\n".join(
        part(theme)
        for part in (_surfaces, _labels, _buttons, _fields, _choices, _sliders, _lists, _scrolling, _docks, _menus)
    )


def _surfaces(t: Theme) -> str:
    return f"""
    QWidget {{ color: {t.text}; }}
    QMainWindow, QDialog, #deck {{ background: {t.window}; }}
    #bar {{ background: {t.panel}; border-bottom: 1px solid {t.line}; }}
    #status {{ background: {t.panel}; border-top: 1px solid {t.line}; }}
    #panel, #panelBody {{ background: {t.panel}; }}
    #overlay {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 6px; }}
    #overlay:focus {{ border-color: {t.accent}; }}
    QFrame[role="card"] {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 8px; }}
    QFrame[role="card"][alert="true"] {{ border-color: {t.bad}; }}
    QFrame[role="line"] {{ background: {t.line}; border: none; max-height: 1px; min-height: 1px; }}
    QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 4px 6px; }}
    QGroupBox {{ border: none; margin-top: 24px; padding: 0; font-weight: 600; }}
    QGroupBox::title {{ subcontrol-origin: margin; left: 0; top: 4px; color: {t.text}; }}
    QFrame[role="notice"] {{ background: {t.raised}; border: 1px solid {t.faint}; border-radius: 8px; }}
    #message[kind="error"] {{ border-color: {t.bad}; }}
    #message[kind="warning"] {{ border-color: {t.warn}; }}
    #message[kind="info"] {{ border-color: {t.accent}; }}
    """


def _labels(t: Theme) -> str:
    return f"""
    QLabel {{ background: transparent; }}
    QLabel:disabled {{ color: {t.faint}; }}
    QLabel[role="section"] {{ font-weight: 600; padding: 0; }}
    QLabel[role="title"] {{ font-size: {px(20)}px; font-weight: 600; }}
    QLabel[role="muted"] {{ color: {t.muted}; }}
    QLabel[role="good"] {{ color: {t.good}; }}
    QLabel[role="warn"] {{ color: {t.warn}; }}
    QLabel[role="bad"] {{ color: {t.bad}; }}
    QLabel[role="dock"] {{ color: {t.muted}; font-weight: 600; }}
    QLabel[role="key"] {{
        background: {t.raised}; border: 1px solid {t.line}; border-radius: 4px; padding: 1px 6px;
    }}
    #status QLabel {{ color: {t.muted}; }}
    #status QLabel#state {{ color: {t.text}; font-weight: 600; }}
    """


def _buttons(t: Theme) -> str:
    filled = "QPushButton[role='{0}'], QToolButton[role='{0}']"
    primary, danger = filled.format("primary"), filled.format("danger")
    return f"""
    QToolButton, QPushButton {{
        background: {t.raised}; border: 1px solid {t.line}; border-radius: 6px; padding: 0 10px; min-height: {px(26)}px;
        icon-size: {px(16)}px;
    }}
    QToolButton:hover, QPushButton:hover {{ background: {t.hover}; }}
    QToolButton:pressed, QPushButton:pressed {{ background: {t.line}; }}
    QToolButton:focus, QPushButton:focus {{ border-color: {t.accent}; }}
    QToolButton:checked, QPushButton:checked {{ background: {t.chosen}; border-color: {t.accent}; }}
    QToolButton:checked:focus, QPushButton:checked:focus {{ border-color: {t.text}; }}
    QToolButton, QPushButton, QCheckBox, QRadioButton {{ outline: none; }}
    QToolButton:disabled, QPushButton:disabled {{ color: {t.faint}; background: {t.panel}; }}
    QToolButton::menu-indicator {{ image: none; }}
    QPushButton::menu-indicator {{
        image: url({icon_file("down", t.muted)}); subcontrol-position: right center; right: 6px;
        width: {px(14)}px; height: {px(14)}px;
    }}
    QToolButton[popupMode="1"] {{ padding-right: 26px; }}
    QToolButton::menu-button {{ border-left: 1px solid {t.line}; width: 18px; }}
    QToolButton::menu-arrow {{ image: url({icon_file("down", t.muted)}); width: {px(12)}px; }}
    {primary} {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; font-weight: 600; }}
    QPushButton[role="primary"]:hover, QToolButton[role="primary"]:hover {{ background: {t.accent_hover}; }}
    QPushButton[role="primary"]:focus, QToolButton[role="primary"]:focus {{ border-color: {t.text}; }}
    QPushButton[role="primary"]:disabled, QToolButton[role="primary"]:disabled {{
        background: {t.raised}; color: {t.faint}; border-color: {t.line};
    }}
    {danger} {{ background: {t.record}; color: #ffffff; border-color: {t.record}; font-weight: 600; }}
    QPushButton[role="danger"]:focus, QToolButton[role="danger"]:focus {{ border-color: {t.text}; }}
    QPushButton[role="danger"]:disabled, QToolButton[role="danger"]:disabled {{
        background: {t.raised}; color: {t.faint}; border-color: {t.line};
    }}
    QToolButton[role="quiet"], QPushButton[role="quiet"] {{
        background: transparent; border: 1px solid transparent; padding: 0 4px; min-height: {px(22)}px;
        min-width: {px(14)}px;
    }}
    QToolButton[role="quiet"]:hover, QPushButton[role="quiet"]:hover {{ background: {t.hover}; }}
    QToolButton[role="quiet"]:focus, QPushButton[role="quiet"]:focus {{ border-color: {t.accent}; }}
    QToolButton[role="quiet"]:checked, QPushButton[role="quiet"]:checked {{ background: {t.chosen}; }}
    QToolButton[live="true"], QPushButton[live="true"] {{
        background: {t.good}; color: {t.on_accent}; border-color: {t.good}; font-weight: 600;
    }}
    QToolButton[recording="true"], QPushButton[recording="true"] {{
        background: {t.record}; color: #ffffff; border-color: {t.record}; font-weight: 600;
    }}
    QToolButton[live="true"]:focus, QPushButton[live="true"]:focus,
    QToolButton[recording="true"]:focus, QPushButton[recording="true"]:focus {{ border-color: {t.text}; }}
    QToolButton[live="true"]::menu-button, QToolButton[recording="true"]::menu-button {{
        border-left: 1px solid {t.panel};
    }}
    QToolButton[live="true"]::menu-arrow {{ image: url({icon_file("down", t.on_accent)}); }}
    QToolButton[recording="true"]::menu-arrow {{ image: url({icon_file("down", "#ffffff")}); }}
    #bar QToolButton, #bar QPushButton, #bar QLineEdit {{ min-height: {px(30)}px; }}
    """


def _fields(t: Theme) -> str:
    fields = "QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit, QTextBrowser"
    return f"""
    {fields} {{
        background: {t.field}; border: 1px solid {t.line}; border-radius: 6px;
        selection-background-color: {t.accent}; selection-color: {t.on_accent};
    }}
    QLineEdit, QComboBox {{ padding: 0 8px; min-height: {px(26)}px; placeholder-text-color: {t.muted}; }}
    QSpinBox, QDoubleSpinBox {{ padding: 0 2px 0 0; min-height: {px(26)}px; max-height: {px(26)}px; }}
    #qt_spinbox_lineedit {{ background: transparent; border: none; padding: 0 0 0 6px; min-height: {px(20)}px; }}
    QLineEdit > QToolButton {{ background: transparent; border: none; padding: 0; min-height: 0; }}
    QLineEdit {{ lineedit-clear-button-icon: url({icon_file("close", t.muted)}); }}
    QPlainTextEdit, QTextEdit, QTextBrowser {{ padding: 4px; }}
    QLineEdit:hover, QSpinBox:hover, QDoubleSpinBox:hover, QComboBox:hover {{ border-color: {t.faint}; }}
    QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus,
    QTextBrowser:focus {{ border-color: {t.accent}; }}
    QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{
        color: {t.faint}; background: {t.panel};
    }}
    QLineEdit[bad="true"], QSpinBox[bad="true"], QComboBox[bad="true"] {{ border-color: {t.bad}; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{
        border: none; width: 16px; background: transparent;
    }}
    QSpinBox::up-button:hover, QDoubleSpinBox::up-button:hover, QSpinBox::down-button:hover,
    QDoubleSpinBox::down-button:hover {{ background: {t.hover}; border-radius: 3px; }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{
        image: url({icon_file("up", t.muted)}); width: {px(10)}px; height: {px(10)}px;
    }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{
        image: url({icon_file("down", t.muted)}); width: {px(10)}px; height: {px(10)}px;
    }}
    QComboBox::drop-down {{ border: none; width: 24px; }}
    QComboBox::down-arrow {{ image: url({icon_file("down", t.muted)}); width: {px(14)}px; height: {px(14)}px; }}
    QComboBox QAbstractItemView {{
        background: {t.panel}; border: 1px solid {t.line}; border-radius: 0; padding: 4px; outline: none;
    }}
    QComboBox QAbstractItemView::item {{ min-height: {px(26)}px; padding: 0 8px; border-radius: 4px; }}
    """


def _choices(t: Theme) -> str:
    box = "QCheckBox::indicator{0}, QTableView::indicator{0}, QTreeView::indicator{0}, QListView::indicator{0}"
    return f"""
    QCheckBox, QRadioButton {{ spacing: 8px; min-height: {px(24)}px; background: transparent; }}
    QCheckBox:disabled, QRadioButton:disabled {{ color: {t.faint}; }}
    {box.format("")} {{
        width: {px(14)}px; height: {px(14)}px; border: 1px solid {t.faint}; border-radius: 4px; background: {t.field};
    }}
    {box.format(":hover")} {{ border-color: {t.accent}; }}
    {box.format(":checked")} {{
        background: {t.accent}; border-color: {t.accent}; image: url({icon_file("check", t.on_accent)});
    }}
    {box.format(":indeterminate")} {{
        background: {t.accent}; border-color: {t.accent}; image: url({icon_file("dash", t.on_accent)});
    }}
    {box.format(":disabled")} {{ border-color: {t.line}; background: {t.panel}; image: none; }}
    QCheckBox::indicator:checked:disabled {{ image: url({icon_file("check", t.faint)}); }}
    QRadioButton::indicator {{
        width: {px(14)}px; height: {px(14)}px; border: 1px solid {t.faint};
        border-radius: {px(14) // 2 + 1}px; background: {t.field};
    }}
    QRadioButton::indicator:hover {{ border-color: {t.accent}; }}
    QRadioButton::indicator:checked {{
        background: {t.accent}; border-color: {t.accent}; image: url({icon_file("dot", t.on_accent)});
    }}
    QRadioButton::indicator:disabled {{ border-color: {t.line}; background: {t.panel}; }}
    QCheckBox:focus, QRadioButton:focus {{ color: {t.accent}; }}
    QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border: 1px solid {t.accent}; }}
    QCheckBox::indicator:checked:focus, QRadioButton::indicator:checked:focus {{ border-color: {t.text}; }}
    """


def _sliders(t: Theme) -> str:
    return f"""
    QSlider {{ background: transparent; min-height: {px(22)}px; }}
    QSlider:vertical {{ min-height: 40px; min-width: 22px; }}
    QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.line}; }}
    QSlider::groove:vertical {{ width: 4px; border-radius: 2px; background: {t.line}; }}
    QSlider::sub-page:horizontal, QSlider::add-page:vertical {{ background: {t.accent}; border-radius: 2px; }}
    QSlider::handle {{ background: {t.handle}; border: 1px solid {t.faint}; border-radius: 7px; }}
    QSlider::handle:horizontal {{ width: 12px; margin: -5px 0; }}
    QSlider::handle:vertical {{ height: 12px; margin: 0 -5px; }}
    QSlider::handle:hover, QSlider::handle:focus {{ border-color: {t.accent}; }}
    QSlider:focus {{ background: transparent; }}
    QSlider::handle:horizontal:focus, QSlider::handle:pressed {{ background: {t.accent}; border-color: {t.accent}; }}
    QSlider::sub-page:disabled, QSlider::add-page:disabled {{ background: {t.line}; }}
    QSlider::handle:disabled {{ background: {t.line}; border-color: {t.line}; }}
    QProgressBar {{
        background: {t.line}; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; text-align: center;
        color: transparent;
    }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
    """


def _lists(t: Theme) -> str:
    views = "QTableView, QTreeView, QListView"
    return f"""
    {views} {{
        background: {t.panel}; alternate-background-color: {t.stripe}; border: 1px solid {t.line}; border-radius: 6px;
        gridline-color: {t.line}; outline: none;
        selection-background-color: {t.chosen}; selection-color: {t.text};
    }}
    {views.replace(",", ":focus,")}:focus {{ border-color: {t.accent}; }}
    QTableView::item, QTreeView::item, QListView::item {{ padding: 2px 6px; border: none; }}
    QTreeView::item, QListView::item {{ height: {px(24)}px; }}
    QTableView::item:hover, QTreeView::item:hover, QListView::item:hover {{ background: {t.hover}; }}
    QTableView::item:selected, QTreeView::item:selected, QListView::item:selected {{
        background: {t.chosen}; color: {t.text};
    }}
    QListView#pictures::item {{ height: 40px; padding: 0; border: 2px solid transparent; border-radius: 6px; }}
    QListView#pictures::item:selected {{ border-color: {t.accent}; }}
    QTreeView::branch {{ background: transparent; }}
    QTreeView::branch:has-children:closed {{ image: url({icon_file("right", t.muted)}); }}
    QTreeView::branch:has-children:open {{ image: url({icon_file("down", t.muted)}); }}
    QHeaderView {{ background: {t.panel}; border: none; }}
    QHeaderView::section {{
        background: {t.panel}; color: {t.muted}; border: none; border-bottom: 1px solid {t.line}; padding: 4px 6px;
    }}
    QHeaderView::up-arrow {{ image: url({icon_file("up", t.muted)}); width: {px(10)}px; }}
    QHeaderView::down-arrow {{ image: url({icon_file("down", t.muted)}); width: {px(10)}px; }}
    QTableCornerButton::section {{ background: {t.panel}; border: none; }}
    """


def _scrolling(t: Theme) -> str:
    return f"""
    QScrollArea {{ background: {t.panel}; border: none; }}
    QScrollArea > QWidget > QWidget {{ background: {t.panel}; }}
    QAbstractScrollArea::corner {{ background: {t.panel}; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {t.line}; border-radius: 3px; margin: 2px; }}
    QScrollBar::handle:vertical {{ min-height: 32px; }}
    QScrollBar::handle:horizontal {{ min-width: 32px; }}
    QScrollBar::handle:hover, QScrollBar::handle:pressed {{ background: {t.faint}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; border: none; background: none; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
    """


def _docks(t: Theme) -> str:
    return f"""
    #dockTitle {{ background: {t.panel}; border-bottom: 1px solid {t.line}; }}
    QDockWidget {{ background: {t.panel}; }}
    #deck::separator {{ background: {t.window}; width: 4px; height: 4px; }}
    #deck::separator:hover {{ background: {t.accent}; }}
    QSplitter::handle {{ background: {t.window}; }}
    QSplitter::handle:horizontal {{ width: 4px; }}
    QSplitter::handle:vertical {{ height: 4px; }}
    QSplitter::handle:hover {{ background: {t.accent}; }}
    QTabWidget::pane {{ border: none; border-top: 1px solid {t.line}; }}
    QTabBar {{ background: transparent; border: none; qproperty-drawBase: 0; }}
    #deck > QTabBar {{ background: {t.panel}; border-bottom: 1px solid {t.line}; }}
    QTabBar::tab {{
        background: transparent; color: {t.muted}; border: none; border-bottom: 2px solid transparent;
        padding: 0 12px; min-height: {px(29)}px;
    }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QTabBar::tab:focus {{ color: {t.accent}; }}
    QTabBar::tab:selected:focus {{ background: {t.chosen}; }}
    QTabBar::tab:disabled {{ color: {t.faint}; }}
    """


def _menus(t: Theme) -> str:
    return f"""
    QMenuBar {{ background: {t.panel}; border: none; padding: 0; spacing: 0; }}
    QMenuBar::item {{ background: transparent; padding: 6px 12px; border-radius: 4px; }}
    QMenuBar::item:selected, QMenuBar::item:pressed {{ background: {t.hover}; }}
    QMenu {{ background: {t.panel}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px {px(16) + 12}px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
    QMenu::item:disabled {{ color: {t.faint}; background: transparent; }}
    QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
    QMenu::indicator {{ width: {px(16)}px; height: {px(16)}px; left: 6px; }}
    QMenu::indicator:checked {{ image: url({icon_file("check", t.text)}); }}
    QMenu::indicator:checked:selected {{ image: url({icon_file("check", t.on_accent)}); }}
    QMenu::right-arrow {{ image: url({icon_file("right", t.muted)}); width: {px(14)}px; }}
    QMenu::right-arrow:selected {{ image: url({icon_file("right", t.on_accent)}); }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QDialogButtonBox QPushButton {{ min-width: 64px; }}
    QFileDialog QToolButton {{ padding: 0 4px; }}
    QInputDialog QLineEdit {{ min-width: 320px; }}
    """
